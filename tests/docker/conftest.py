"""The image, built once by an engine, and its containers. `pytest tests/docker -rs` prints what was skipped and why."""

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
    """The base of the image of the mock."""
    return base_image(engine, tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def image(engine: Engine, base: str) -> str:
    """The image of the mock."""
    name = f"mocksms:{VERSION}"
    engine("build", "--network", "host", *build_arguments(base), "--tag", name, str(ROOT))
    return name


def build_arguments(base: str) -> list[str]:
    return ["--build-arg", f"BASE={base}", "--build-arg", f"VERSION={VERSION}"]


@pytest.fixture
def run(engine: Engine, image: str) -> Iterator[Callable[..., Container]]:
    """A function that starts a container of the image with some options; the test removes it at its end."""
    containers: list[Container] = []

    def start(*options: str, arguments: tuple[str, ...] = ()) -> Container:
        container = Container.start(engine, "--publish", "127.0.0.1::8972", *options, image, *arguments)
        containers.append(container)
        return container

    yield start
    for container in containers:
        engine("rm", "--force", "--volumes", container.id)
