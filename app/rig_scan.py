"""`fmes rig scan`: what VISA reaches, and which driver a rig file would name for it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from app.errors import InputError
from drivers.catalogue import RESISTOR_BANKS, SOURCE_METERS

_PATIENCE = 1000
"""Time that an instrument may take to say who it is, in ms."""


@dataclass(frozen=True)
class Found:
    """What answers at an address.

    Parameters
    ----------
    address
        VISA resource name.
    identity
        As it answers, or that it does not.
    driver, model
        By which a rig file names it; "" when there is none.
    """

    address: str
    identity: str
    driver: str
    model: str


def scan(library: str = "") -> None:
    """Print every resource with who it is; nothing but `*IDN?` is sent.

    Raises
    ------
    InputError
        There is no VISA library.
    """
    table = Table("resource", "identity", "driver", box=None, pad_edge=False)
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        every = found(library)
    for one in every:
        table.add_row(one.address, one.identity, one.driver or "-")
    console = Console(highlight=False, soft_wrap=True)
    if every:
        console.print(table)
    else:
        console.print("no instrument found; sockets are not listed by VISA, write their addresses")
    # What PyVISA cannot look at; that it leaves sockets open is no matter of the reader's.
    told = (str(r.message) for r in remarks if r.category is UserWarning)
    for remark in dict.fromkeys(told):
        console.print(f"note: {remark}", markup=False)


def found(library: str = "", address: str = "") -> list[Found]:
    """Ask who is there, at every resource that VISA lists or at one address.

    Raises
    ------
    InputError
        There is no VISA library.
    """
    import pyvisa

    try:
        manager = pyvisa.ResourceManager(library)
        names = (address,) if address else manager.list_resources("?*")
    except (OSError, ValueError, pyvisa.Error) as error:
        raise InputError(f"no VISA library can be used: {error}; install pyvisa-py") from error
    try:
        return [_found(name, _identity(manager, name)) for name in names]
    finally:
        manager.close()


def _identity(manager: object, name: str) -> str:
    import pyvisa

    try:
        with manager.open_resource(name, open_timeout=_PATIENCE) as resource:  # type: ignore[attr-defined]
            resource.timeout = _PATIENCE
            resource.read_termination = resource.write_termination = "\n"
            return str(resource.query("*IDN?")).strip()
    except (OSError, ValueError, UnicodeDecodeError, AttributeError, pyvisa.Error) as error:
        return f"no answer ({error})"


def _found(address: str, identity: str) -> Found:
    """With the driver whose models the identity names, if there is one."""
    words = [w.strip().removeprefix("MODEL ").removeprefix("Model ") for w in identity.split(",")]
    kinds = [(d.driver, d.models) for d in SOURCE_METERS]
    kinds += [(d.driver, d.models) for d in RESISTOR_BANKS]
    for driver, models in kinds:
        for word in words:
            if word in models:
                return Found(address, identity, driver, word)
    return Found(address, identity, "", "")
