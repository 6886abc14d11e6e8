"""Users' own protocols: a class from a Python file that is named, and nothing else is imported.

A protocol is asked for by its name in the catalogue or as ``path/to/file.py:ClassName``.
The file's text goes into the run's file, so that what was measured stays explained when the
Python file has changed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from app.errors import InputError
from data.run import RunInfo
from protocols.catalogue import PROTOCOLS, find
from protocols.errors import ProtocolError
from protocols.protocol import Preset, Protocol
from protocols.suggestion import suggestion

_FILE_AND_CLASS = re.compile(r"(?P<file>.+\.py)(?::(?P<name>.*))?", re.DOTALL)
_PATH, _SHA256, _TEXT = "protocol file", "protocol file sha256", "protocol file text"


@dataclass(frozen=True)
class ProtocolSource:
    """The Python file that a protocol was loaded from.

    Parameters
    ----------
    path
        Absolute.
    sha256
        Of the file's bytes.
    text
        The file's text.
    """

    path: Path
    sha256: str
    text: str

    def record(self) -> dict[str, str]:
        """What a run's file keeps of it, beside the versions of the software."""
        return {_PATH: str(self.path), _SHA256: self.sha256, _TEXT: self.text}

    def check_unchanged(self) -> None:
        """Hold the file against what it was.

        Raises
        ------
        InputError
            It has changed, or cannot be read.
        """
        if _read(self.path).sha256 != self.sha256:
            raise InputError(
                f"{self.path} has changed since the run was queued; queue it again to run what "
                "the file says now"
            )

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Tell an error that the file's code raises as bad input, with the line in the file.

        What the program itself says about parameters and limits passes as it is.
        """
        try:
            yield
        except (InputError, ProtocolError):
            raise
        except Exception as error:
            where = self.line_of(error) or str(self.path)
            raise InputError(f"{where}: {type(error).__name__}: {error}") from error

    def line_of(self, error: BaseException) -> str:
        """The line of the file, as text, that an error passed; empty when it passed none."""
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(self.path)]
        return f"{self.path}, line {lines[-1]}" if lines else ""


def recorded_source(info: RunInfo) -> ProtocolSource | None:
    """The Python file that a recorded run's protocol came from; None for the catalogue's."""
    record = info.software
    if _SHA256 not in record:
        return None
    return ProtocolSource(Path(record[_PATH]), record[_SHA256], record[_TEXT])


def recorded_protocol(info: RunInfo) -> tuple[type[Protocol], ProtocolSource | None]:
    """The protocol that a run was recorded with, from the same file as then.

    Raises
    ------
    InputError
        There is none of that name any more, or the user's own file has changed or is gone.
    """
    was = recorded_source(info)
    if was is None:
        return find_protocol(info.protocol)
    if (is_ := _read(was.path)).sha256 != was.sha256:
        raise InputError(
            f"{was.path} is not the file that the run was recorded with: its SHA-256 is "
            f"{is_.sha256}, that was {was.sha256}; the text of that file is in the run's file"
        )
    for name, value in vars(_load(is_)).items():
        if _is_protocol(value) and getattr(value, "name", None) == info.protocol:
            return find_protocol(f"{was.path}:{name}")
    raise InputError(f"{was.path} has no protocol whose name is {info.protocol!r}")


def find_protocol(name: str, folder: Path = Path()) -> tuple[type[Protocol], ProtocolSource | None]:
    """The protocol of that name, or the class in the file that is named.

    Parameters
    ----------
    name
        As ``ltp-ltd`` or ``my_protocol.py:MyProtocol``.
    folder
        What a relative path starts from.

    Raises
    ------
    InputError
        No such protocol, file or class, a file that Python refuses, or a class that is not a
        protocol.
    """
    match = _FILE_AND_CLASS.fullmatch(name)
    if match is None:
        names = [p.name for p in PROTOCOLS]
        if name not in names:
            raise InputError(
                f"there is no protocol {name!r}; there are: {', '.join(names)}, or a file of "
                f"yours, as my_protocol.py:MyProtocol{suggestion(name, names)}"
            )
        return find(name), None
    source = _read((folder / match["file"]).absolute())
    module = _load(source)
    own = {n: v for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__}
    choice = ", ".join(n for n, v in own.items() if _is_protocol(v)) or "no protocol"
    if not match["name"]:
        raise InputError(f"{name}: name the class too, as {match['file']}:Name; it has {choice}")
    if match["name"] not in own:
        raise InputError(f"{source.path} defines no class {match['name']!r}; it has {choice}")
    found = own[match["name"]]
    if not _is_protocol(found):
        raise InputError(
            f"{name} is not a protocol; it must be a class that derives from "
            "protocols.protocol.Protocol or protocols.device_parameters.DeviceProtocol"
        )
    if problem := _incomplete(found):
        raise InputError(f"{name}: {problem}")
    return found, source


def _read(path: Path) -> ProtocolSource:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    try:
        text = importlib.util.decode_source(content)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not Python: {error}; save it as UTF-8 text") from error
    return ProtocolSource(path, hashlib.sha256(content).hexdigest(), text)


def _load(source: ProtocolSource) -> ModuleType:
    """Run the file once for each content, under a name that no import can reach by chance."""
    key = hashlib.sha256(f"{source.path}\n{source.sha256}".encode()).hexdigest()
    name = f"user_protocol_{key[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    try:
        code = compile(source.text, str(source.path), "exec", dont_inherit=True)
    except SyntaxError as error:
        where = f", line {error.lineno}" if error.lineno else ""
        raise InputError(f"{source.path}{where}: not valid Python: {error.msg}") from error
    except ValueError as error:
        raise InputError(f"{source.path}: not valid Python: {error}") from error
    module = ModuleType(name)
    module.__file__ = str(source.path)
    sys.modules[name] = module  # where pydantic looks up the names in annotations
    try:
        with source.blamed():
            exec(code, vars(module))  # noqa: S102 (the user named this file to be run)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_protocol(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Protocol)


def _incomplete(found: type[Protocol]) -> str:
    """What a class still lacks to be a protocol that can be described and run, or nothing."""
    if missing := sorted(found.__abstractmethods__):
        return f"the method {missing[0]} is missing"
    for attribute, kind, example in (
        ("name", str, '"my-protocol"'),
        ("title", str, '"What it does, in a line"'),
        ("phases", tuple, '("pulse",)'),
        ("presets", Mapping, '{"default": Preset("Why these values.")}'),
    ):
        if not isinstance(inspect.getattr_static(found, attribute, None), kind):
            return f"the class attribute {attribute!r} is missing; write {attribute} = {example}"
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", found.name):
        return f"name = {found.name!r} goes into file names: letters, digits, - and _ only"
    if not found.presets or not all(isinstance(p, Preset) for p in found.presets.values()):
        return "presets maps at least one name to a protocols.protocol.Preset"
    if required := [n for n, field in found.model_fields.items() if field.is_required()]:
        return f"the parameter {required[0]!r} needs a default"
    return ""
