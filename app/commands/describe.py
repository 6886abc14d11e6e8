"""`fmes protocols` and `fmes describe`: what can be run, and with which parameters."""

from __future__ import annotations

import inspect
import re

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.running.user_protocol import find_protocol
from protocols.catalogue import PROTOCOLS


def list_protocols() -> None:
    """Print every protocol with its title and presets."""
    table = Table("protocol", "what it does", "presets", box=None, pad_edge=False)
    for protocol in PROTOCOLS:
        table.add_row(protocol.name, protocol.title, ", ".join(protocol.presets))
    Console().print(table)


def describe_protocol(name: str) -> None:
    """Print a protocol's purpose, parameters and presets."""
    protocol, _ = find_protocol(name)
    console = Console()
    console.print(f"[bold]{protocol.name}[/]  {escape(protocol.title)}\n", highlight=False)
    console.print(_readable(inspect.getdoc(protocol) or ""), highlight=False, markup=False)
    table = Table("parameter", "unit", "default", "limits", "meaning", box=None, pad_edge=False)
    for parameter in protocol.parameters():
        cells = (
            parameter.name,
            parameter.quantity.unit if parameter.quantity else "",
            parameter.format(parameter.default) if parameter.default != {} else "-",
            parameter.limits,
            parameter.description,
        )
        table.add_row(*map(escape, cells))
    console.print()
    console.print(table)
    console.print("\n[bold]presets[/] (the first is the default)")
    for preset_name, preset in protocol.presets.items():
        values = ", ".join(
            f"{p.name}={p.format(preset.values[p.name])}"
            for p in protocol.parameters()
            if p.name in preset.values
        )
        console.print(
            f"  [bold]{escape(preset_name)}[/]  {escape(preset.explanation)}", highlight=False
        )
        if values:
            console.print(f"    {values}", highlight=False, markup=False)


def _readable(text: str) -> str:
    """A docstring without its markup; its paragraphs are one line each, for any terminal."""
    text = re.sub(r"^References\n-+\n", "Source: ", text, flags=re.MULTILINE)
    text = text.replace("``", "").replace("::\n", ":\n")
    return re.sub(r"(?<![-:\n])\n(?=[^\s-])", " ", text)
