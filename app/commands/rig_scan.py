"""`fmes rig scan`: what VISA reaches, and which driver a rig file would name for it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.errors import InputError
from drivers.catalogue import RESISTOR_BANKS, SOURCE_METERS

UNLISTED = "VISA lists neither sockets nor all of a network; ask there by the address"
"""What is missing from every list."""
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


def scan(library: str = "", addresses: Sequence[str] = ()) -> None:
    """Print every resource with who it is; nothing but `*IDN?` is sent.

    Parameters
    ----------
    addresses
        Ask there instead of at what VISA lists.

    Raises
    ------
    InputError
        There is no VISA library.
    """
    table = Table("resource", "identity", "driver", box=None, pad_edge=False)
    with remarks() as told:
        every = [one for name in addresses for one in found(library, name)] or found(library)
    for one in every:
        table.add_row(escape(one.address), escape(one.identity), one.driver or "-")
    console = Console(highlight=False, soft_wrap=True)
    if every:
        console.print(table)
    elif not addresses:
        console.print("no instrument found")
    if not addresses:
        console.print(f"{UNLISTED}: fmes rig scan ADDRESS", markup=False)
    for remark in told:
        console.print(f"note: {remark}", markup=False)


@contextmanager
def remarks() -> Iterator[list[str]]:
    """What PyVISA says meanwhile that it cannot look at, each once; complete at the end."""
    told: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield told
    # That it leaves sockets open is no matter of the reader's.
    told.extend(dict.fromkeys(str(w.message) for w in caught if w.category is UserWarning))


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
        names = (address,) if address else _listed(manager)
    except (OSError, ValueError, pyvisa.Error) as error:
        raise InputError(f"no VISA library can be used: {error}; install pyvisa-py") from error
    try:
        return [_found(name, _identity(manager, name)) for name in names]
    finally:
        manager.close()


def _listed(manager: Any) -> Sequence[str]:
    """What VISA lists, but interfaces, behind which instruments have addresses of their own."""
    return [name for name in manager.list_resources("?*") if not name.endswith("::INTFC")]


def _identity(manager: object, name: str) -> str:
    import pyvisa

    try:
        with manager.open_resource(name, open_timeout=_PATIENCE) as resource:  # type: ignore[attr-defined]
            resource.timeout = _PATIENCE
            resource.read_termination = resource.write_termination = "\n"
            return str(resource.query("*IDN?")).strip()
    except (OSError, ValueError, UnicodeDecodeError, AttributeError, pyvisa.Error) as error:
        code, codes = getattr(error, "error_code", None), pyvisa.constants.StatusCode
        if code == codes.error_timeout:
            return f"no answer within {_PATIENCE / 1000:g} s"
        if code == codes.error_invalid_resource_name:
            return "not a VISA resource name"
        return f"no answer ({error})"


def _found(address: str, identity: str) -> Found:
    """With the driver whose models the identity names, if there is one."""
    words = [w.strip().removeprefix("MODEL ").removeprefix("Model ") for w in identity.split(",")]
    kinds = [(d.driver, d.models) for d in SOURCE_METERS]
    kinds += [(d.driver, d.models) for d in RESISTOR_BANKS]
    for driver, models in kinds:
        for word in words:
            for model in models:
                if word == model or word.startswith(f"{model}-"):  # as PRS-200-F-7-100m-0-1
                    return Found(address, identity, driver, model)
    return Found(address, identity, "", "")
