"""The image, built once by an engine, and containers of it. `pytest tests/docker -rs` says what was skipped and why."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.docker.containers import Container
from tests.docker.engine import Engine, base_image, running_engine

ROOT: Final = Path(__file__).parents[2]
VERSION: Final[str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with running_engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def base(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image that the mock's is built on."""
    return base_image(engine, tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def image(engine: Engine, base: str) -> str:
    """The mock's image."""
    name = f"mocksms:{VERSION}"
    engine("build", "--network", "host", *build_arguments(base), "--tag", name, str(ROOT))
    return name


def build_arguments(base: str) -> list[str]:
    return ["--build-arg", f"BASE={base}", "--build-arg", f"VERSION={VERSION}"]


@pytest.fixture
def run(engine: Engine, image: str) -> Iterator[Callable[..., Container]]:
    """A function that starts a container of the image with some options; it is gone after the test."""
    made: list[Container] = []

    def start(*options: str, arguments: tuple[str, ...] = ()) -> Container:
        container = Container.start(engine, "--publish", "127.0.0.1::8972", *options, image, *arguments)
        made.append(container)
        return container

    yield start
    for container in made:
        engine("rm", "--force", "--volumes", container.id)
