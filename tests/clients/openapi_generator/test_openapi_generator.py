"""openapi-generator makes a Java client that compiles and plays the README's story, and a C# client."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

import mocksms
from mocksms.app import openapi
from mocksms.settings import Settings
from tests.support import Mock, program, running

# A run lasts seconds: a small heap's collector and the first compiler of the virtual machine are faster.
FAST: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
STORY: Final = Path(__file__).with_name("Story.java")
GUIDE: Final = (Path(mocksms.__file__).parent / "guide/generated-clients.md").read_text(encoding="utf-8")
GENERATED: Final = (
    "package javax.annotation; public @interface Generated { String value(); String date(); String comments(); }"
)
"""The annotation of each generated class, which the client's build file would download."""

ACCEPTED_WARNINGS: Final = (
    "OpenAPI 3.1 support is still in beta",
    # What it says of every schema with `additionalProperties: false` in a document of OpenAPI 3.1.
    "Failed to get the schema name: null",
    # Of every body of a request with an example that is an object.
    "Ignoring complex example on request body",
)
"""What the generator says about itself, not about the document."""


@pytest.fixture(scope="module")
def jar() -> Path:
    """The generator, which contains Jackson."""
    spec = find_spec("openapi_generator_cli")
    if spec is None or spec.origin is None:
        fail = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        fail("there is no openapi-generator here: pip install openapi-generator-cli")
    return Path(spec.origin).with_name("openapi-generator.jar")


@pytest.fixture
def story_mock() -> Iterator[Mock]:
    with running(Settings(port=0, seed="java")) as mock:
        yield mock


def run(*command: object) -> str:
    """Run a program, assert that it succeeds, and return what it prints."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-5_000:]
    return done.stdout + done.stderr


def block_of_guide(start: str) -> str:
    """Return the guide's block of code with this first line."""
    (block,) = re.findall(rf"^```{re.escape(start)}$(.*?)^```$", GUIDE, re.M | re.S)
    return str(block)


def generate(jar: Path, folder: Path, generator: str) -> Path:
    """Generate a client with the guide's options, without a warning about the document; return its folder."""
    commands = re.findall(r"^openapi-generator-cli (generate .*)$", GUIDE.replace("\\\n", ""), re.M)
    words = next(shlex.split(each) for each in commands if f"-g {generator} " in each)
    document, client = folder / "openapi.json", folder / "client"
    document.write_text(json.dumps(openapi()), encoding="utf-8")
    words[words.index("-i") + 1], words[words.index("-o") + 1] = str(document), str(client)
    said = run(program("java", package="default-jdk-headless"), *FAST, "-jar", jar, *words)
    warnings = [line for line in said.splitlines() if re.search(r"\b(WARN|ERROR)\b", line)]
    assert [each for each in warnings if not any(text in each for text in ACCEPTED_WARNINGS)] == []
    return client


def test_generated_java_client_compiles_and_plays_the_story(jar: Path, tmp_path: Path, story_mock: Mock) -> None:
    compiler = program("javac", package="default-jdk-headless")
    client = generate(jar, tmp_path, "java")
    generated, guide = tmp_path / "Generated.java", tmp_path / "SendCode.java"
    generated.write_text(GENERATED, encoding="utf-8")
    guide.write_text(block_of_guide("java SendCode.java"), encoding="utf-8")
    sources = (client / "src/main/java").rglob("*.java")
    heap = [f"-J{option}" for option in FAST]
    run(compiler, *heap, "-nowarn", "-d", tmp_path / "classes", "-cp", jar, STORY, guide, generated, *sources)
    java = (program("java"), *FAST, "-cp", os.pathsep.join((str(tmp_path / "classes"), str(jar))))
    assert "The story is over." in run(*java, "Story", story_mock.url)
    said = run(*java, "SendCode", story_mock.url)
    assert said.startswith("sent\n")
    assert "expected" in said


def test_csharp_client_is_generated_without_a_warning(jar: Path, tmp_path: Path) -> None:
    client = generate(jar, tmp_path, "csharp")
    assert (client / "src/Org.OpenAPITools/Model/BoundedDuration.cs").exists()
