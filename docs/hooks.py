"""What the site takes from the program itself, so that it cannot be out of date.

A line ``<!-- from the program: WHAT -->`` of a page is replaced by Markdown made here.
"""

from __future__ import annotations

import importlib
import inspect
import json
import math
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from analysis.catalogue import ANALYSES
from analysis.measure import Definition
from app.cli import app
from app.rigs.rig_file import RigFile
from drivers.catalogue import RESISTOR_BANKS, SOURCE_METERS
from protocols.catalogue import PROTOCOLS
from protocols.protocol import Protocol
from protocols.quantities import RESISTANCE, Quantity

_OWN_PAGE = "app.gui"
"""A package within another that has a page of its own."""
_MARK = re.compile(r"^<!-- from the program: (\w+) ?([\w.]*) -->$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill a page in before it is rendered."""
    return _MARK.sub(lambda mark: "\n".join(_MADE[mark[1]](*filter(None, [mark[2]]))), markdown)


def _commands() -> Iterator[str]:
    yield from _group("fmes", typer.main.get_command(app))


def _group(above: str, group: Any) -> Iterator[str]:
    """Every command of a group, those of the groups within it too."""
    for name, command in group.commands.items():
        full = f"{above} {name}"
        shown = [p for p in command.params if p.name != "help"]
        words = "".join(f" {_spelled(p)}" for p in shown if p.param_type_name == "argument")
        if hasattr(command, "commands"):
            yield from _group(full, command)
            continue
        yield f"\n## {full}\n\n`{full}{words}`\n\n{inspect.cleandoc(command.help)}\n"
        rows = [(f"`{_spelled(p)}`", p.help or "") for p in shown]
        yield from _table(("argument or option", "meaning"), rows) if rows else ()


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = str(parameter.metavar or parameter.name.upper())
        name += "..." if parameter.nargs == -1 else ""
        return name if parameter.required else f"[{name}]"
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    return names if parameter.is_flag else f"{names} {parameter.metavar or parameter.name.upper()}"


def _protocols() -> Iterator[str]:
    for protocol in PROTOCOLS:
        about, _, references = inspect.cleandoc(protocol.__doc__ or "").partition("References\n---")
        yield f"\n## {protocol.name}\n\n{about.strip()}\n"
        if references:
            yield references.lstrip("-").strip() + "\n"
        yield from _presets(protocol)
        rows = [
            (
                f"`{p.name}`", p.format(p.default), p.limits, p.description,
            )
            for p in protocol.parameters()
        ]  # fmt: skip
        yield from _table(("parameter", "default", "limits", "meaning"), rows)


def _presets(protocol: type[Protocol]) -> Iterator[str]:
    known = {p.name: p for p in protocol.parameters()}
    for name, preset in protocol.presets.items():
        changed = ", ".join(f"{k} = {known[k].format(v)}" for k, v in preset.values.items())
        yield f"- **{name}**: {preset.explanation}" + (f" ({changed})" if changed else "")
    yield ""


def _measures() -> Iterator[str]:
    shown: set[str] = set()
    modules = dict.fromkeys(type(a).__module__ for a in ANALYSES)
    everything = [f"analysis.{m.name}" for m in pkgutil.iter_modules(_package("analysis"))]
    for module in [*modules, *(name for name in everything if name not in modules)]:
        found = importlib.import_module(module)
        own = [
            value
            for value in vars(found).values()
            if isinstance(value, Definition) and value.name not in shown
        ]
        shown.update(d.name for d in own)
        if own:
            about = (found.__doc__ or "").splitlines()[0].partition(":")[0].rstrip(".")
            shared = module.rpartition(".")[2].replace("_", " ").capitalize()
            yield f"\n### {about if module in modules else shared}\n"
            for d in own:
                unit = f" ({d.unit})" if d.unit else ""
                yield f"**{d.name}**{unit}: {d.text} *{d.source.rstrip('.')}.*\n"


def _rig_keys() -> Iterator[str]:
    for name, section in RigFile.model_fields.items():
        kind = type(section.default)
        yield f"\n## `[{name}]`\n\n{kind.__doc__}\n"
        yield from _table(("key", "default", "meaning"), _keys(kind))


def _keys(section: type[BaseModel], above: str = "") -> Iterator[tuple[str, str, str]]:
    for name, field in section.model_fields.items():
        accepted = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
        choice = f" One of {', '.join(f'`{json.dumps(a)}`' for a in accepted)}." if accepted else ""
        meaning = " ".join((field.description or "").split()) + choice
        yield f"`{above}{name}`", _default(field), meaning
        for row in get_args(field.annotation)[:1]:
            if isinstance(row, type) and issubclass(row, BaseModel):
                yield from _keys(row, f"{name}.")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    quantity = next((m for m in field.metadata if isinstance(m, Quantity)), None)
    if quantity and value is not None:
        return f'`"{quantity.format(value)}"`'
    if value == math.inf:
        return '`"as fast as possible"`'
    if value is None or value == () or value == {}:
        return "none"
    if isinstance(value, tuple):
        return "those of the study, below"
    return f"`{json.dumps(value)}`"


def _drivers() -> Iterator[str]:
    rows = [
        (f"`{driver.driver}`", kind, ", ".join(driver.models))
        for kind, drivers in (("source meter", SOURCE_METERS), ("resistor bank", RESISTOR_BANKS))
        for driver in drivers
    ]
    yield from _table(("driver", "is a", "models"), rows)


def _bank() -> Iterator[str]:
    rows = [(str(r.channel), RESISTANCE.format(r.nominal)) for r in RigFile().resistors]
    yield from _table(("channel", "resistor"), rows)


def _modules(package: str) -> Iterator[str]:
    # What people call stands before what it is made of.
    for name in sorted(_names(package), key=lambda name: (name != "app.lab", name)):
        yield f"\n::: {name}\n    options:\n      heading_level: 2\n"


def _names(package: str) -> Iterator[str]:
    for module in pkgutil.walk_packages(_package(package), f"{package}."):
        if package == _OWN_PAGE or not module.name.startswith(_OWN_PAGE):
            yield module.name


def _package(name: str) -> list[str]:
    return list(importlib.import_module(name).__path__)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


_MADE: dict[str, Callable[..., Iterator[str]]] = {
    "commands": _commands,
    "protocols": _protocols,
    "measures": _measures,
    "rig_keys": _rig_keys,
    "drivers": _drivers,
    "bank": _bank,
    "modules": _modules,
}
