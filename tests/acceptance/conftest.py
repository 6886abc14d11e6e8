"""What drives the installed command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from served_bench import served  # noqa: F401 (a fixture)

FMES = [str(Path(sys.executable).with_name("fmes"))]
ENVIRONMENT = {"COLUMNS": "200", "NO_COLOR": "1", "PYTHONUTF8": "1"}


@pytest.fixture(scope="session")
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in a folder and wait for its end."""

    def run(folder: Path, *arguments: str, columns: int = 200) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*FMES, *arguments], cwd=folder, capture_output=True, text=True, timeout=600,
            env={**os.environ, **ENVIRONMENT, "COLUMNS": str(columns)}, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def fmes(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in an empty folder and wait for its end."""
    return lambda *arguments: command(tmp_path, *arguments)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command with pipes to its standard streams."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*FMES, *arguments], cwd=tmp_path, text=True, env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
