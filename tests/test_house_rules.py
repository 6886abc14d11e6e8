"""What the code never does: run data as code, start a shell, or speak to the network."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("protocols", "data", "drivers", "analysis", "network", "app")
MODULES = {
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml", "code",
    "codeop", "pty", "commands", "xmlrpc", "ftplib", "smtplib", "telnetlib", "urllib", "http",
    "requests", "httpx", "aiohttp",
}  # fmt: skip
"""Modules that make code of data, start shells, or reach into the network."""
CALLS = {
    "eval", "exec", "compile", "os.system", "os.popen", "subprocess.getoutput", "np.load",
    "numpy.load", "subprocess.getstatusoutput", "pandas.read_pickle", "pd.read_pickle",
    "asyncio.create_subprocess_shell",
}  # fmt: skip
USERS_OWN = "app/running/user_protocol.py"
"""Runs the Python file that a person names as a protocol, and no other."""


def sources() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def breaches(text: str) -> Iterator[str]:
    """What a source does that it must not, one a line."""
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in names:
            if name.partition(".")[0] in MODULES:
                yield f"line {node.lineno}: imports {name}"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in CALLS:
                yield f"line {node.lineno}: calls {called}"
            shell = [k for k in node.keywords if k.arg in ("shell", "allow_pickle")]
            if any(ast.unparse(k.value) != "False" for k in shell):
                yield f"line {node.lineno}: {called}({shell[0].arg}=...)"


def test_no_code_comes_from_data_and_no_shell_is_started() -> None:
    found = {
        f"{path.relative_to(ROOT).as_posix()} {text}"
        for path in sources()
        for text in breaches(path.read_text(encoding="utf-8"))
    }
    own = {text for text in found if text.startswith(USERS_OWN)}
    assert len(sources()) > 100
    assert found - own == set()
    assert [text.rpartition("calls ")[2] for text in sorted(own)] == ["compile", "exec"]


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "import xmlrpc.client",
        "import os\nos.system('ls')",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "import numpy as np\nnp.load('a.npy', allow_pickle=True)",
        "eval('1')",
    ],
)
def test_the_search_finds_what_it_looks_for(text: str) -> None:
    assert list(breaches(text))


_RUN = """
import socket, sys
real = socket.socket

def refuse(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.bind"):
        address = args[1]
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"NETWORK: {event} {address}")
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        if args[0] not in (None, "127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"NETWORK: {event} {args[:2]}")
    if event == "urllib.Request":
        raise RuntimeError(f"NETWORK: {event} {args}")

sys.addaudithook(refuse)
from app.cli import app
app(sys.argv[1:])
"""


def alone(*words: object) -> subprocess.CompletedProcess[str]:
    """A command in a process that every address but its own computer's is refused to."""
    command = [sys.executable, "-c", _RUN, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_a_run_and_all_that_is_made_of_it_need_no_network(tmp_path: Path) -> None:
    run = tmp_path / "run.h5"
    settings = ("--set", "up=5", "--set", "down=5", "--set", "states=open")
    for words in (
        ("run", "ltp-ltd", *settings, "--out", run),
        ("analyse", run),
        ("export", run, "--to", tmp_path / "run.csv"),
        ("verify", run),
    ):
        done = alone(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "NETWORK" not in done.stdout + done.stderr


def test_a_connection_to_another_computer_would_be_found(tmp_path: Path) -> None:
    rig = tmp_path / "rig.toml"
    rig.write_text(
        '[source_meter]\naddress = "TCPIP::192.0.2.1::5025::SOCKET"\n'
        '[resistor_bank]\naddress = "TCPIP::192.0.2.1::5026::SOCKET"\n'
    )
    done = alone("run", "ltp-ltd", "--rig", rig, "--out", tmp_path / "run.h5")
    assert "NETWORK" in done.stdout + done.stderr


def test_the_lock_has_every_package_by_hash_and_names_no_index() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    pinned = re.compile(r"^([\w.-]+)==\S+.* \\\n    --hash=sha256:[0-9a-f]{64}", re.MULTILINE)
    locked = pinned.findall(text)
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    needed = setup["options"]["install_requires"] + setup["options.extras_require"]["gui"]
    names = {re.split(r"[ <>=;\[]", line)[0].lower() for line in needed.split("\n") if line}
    assert len(names) > 10
    assert names - set(locked) == set()
    assert len(locked) == sum(not line.startswith((" ", "#")) for line in text.splitlines())
