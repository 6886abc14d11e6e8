"""`fmes rig scan`: what VISA reaches, and which driver a rig file would name for it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from app.errors import InputError
from drivers.catalogue import RESISTOR_BANKS, SOURCE_METERS

_PATIENCE = 1000
"""Time that an instrument may take to say who it is, in ms."""


def scan(library: str = "") -> None:
    """Ask every resource who it is; nothing but `*IDN?` is sent.

    Raises
    ------
    InputError
        There is no VISA library.
    """
    import pyvisa

    try:
        manager = pyvisa.ResourceManager(library)
        names = manager.list_resources("?*")
    except (OSError, ValueError, pyvisa.Error) as error:
        raise InputError(f"no VISA library can be used: {error}; install pyvisa-py") from error
    table = Table("resource", "identity", "driver", box=None, pad_edge=False)
    for name in names:
        identity = _identity(manager, name)
        table.add_row(name, identity, _driver_for(identity))
    manager.close()
    console = Console(highlight=False, soft_wrap=True)
    if names:
        console.print(table)
    else:
        console.print("no instrument found; sockets are not listed by VISA, write their addresses")


def _identity(manager: object, name: str) -> str:
    import pyvisa

    try:
        with manager.open_resource(name, open_timeout=_PATIENCE) as resource:  # type: ignore[attr-defined]
            resource.timeout = _PATIENCE
            return str(resource.query("*IDN?")).strip()
    except (OSError, ValueError, UnicodeDecodeError, pyvisa.Error) as error:
        return f"no answer ({error})"


def _driver_for(identity: str) -> str:
    """The driver whose models the identity names; "-" for none."""
    words = {word.strip().removeprefix("MODEL ").removeprefix("Model ") for word in
             identity.split(",")}  # fmt: skip
    kinds = [(d.driver, d.models) for d in SOURCE_METERS] + [
        (d.driver, d.models) for d in RESISTOR_BANKS
    ]
    return next((driver for driver, models in kinds if words & set(models)), "-")
