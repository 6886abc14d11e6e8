"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ProtocolName = Annotated[
    str,
    typer.Argument(metavar="PROTOCOL", help="As ltp-ltd, or a file of yours, as mine.py:Mine."),
]
PresetName = Annotated[
    str | None, typer.Option("--preset", help="Named parameter values; the first without it.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter, as width=10ms; repeatable."),
]
RigPath = Annotated[
    Path | None, typer.Option("--rig", help="Rig file; the simulated rig without it.")
]
RunFile = Annotated[Path, typer.Argument(metavar="FILE", help="A run's HDF5 file.")]
RigFileName = Annotated[Path, typer.Argument(metavar="RIG", help="A rig file.")]
WithTranscript = Annotated[
    bool,
    typer.Option("--transcript", help="Keep every message to and from the instruments in a file."),
]
Library = Annotated[
    str, typer.Option("--library", help="VISA library, as @py; the system's without it.")
]
