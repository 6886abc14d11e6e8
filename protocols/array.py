"""The same protocol on several devices, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from protocols.errors import ProtocolError
from protocols.protocol import Preset, Protocol
from protocols.quantities import split_list
from protocols.steps import SelectDevice, Steps


def _read_settings(value: object) -> object:
    """Let text such as ``"up=30; states=500, open"`` stand for a mapping."""
    if not isinstance(value, str):
        return value
    settings = {}
    for part in filter(str.strip, value.split(";")):
        name, sign, text = part.partition("=")
        if not sign or not name.strip():
            raise ValueError(f"{part.strip()!r}: write parameter=value; parameter=value ...")
        settings[name.strip()] = text.strip()
    return settings


def _read_devices(value: object) -> object:
    return split_list(value) if isinstance(value, str) else value


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class Array(Protocol):
    """Connect a device, do everything of another protocol on it, go on to the next device.

    With ``by=bank`` each device is behind a relay of its own, named in the rig file's
    ``resistor_bank.devices``; relays open before another closes. With ``by=hand`` the run
    pauses before each device, with the rig safe, until the operator has connected it and
    resumes. Every program of the record says which device it was played on.

    References
    ----------
    Zhao et al., Natl Sci Rev 2022, nwac158: Fig. S11 (an array of devices; no numbers in the
    text).
    """

    name: ClassVar[str] = "array"
    title: ClassVar[str] = "The same protocol on several devices"
    phases: ClassVar[tuple[str, ...]] = ()
    presets: ClassVar = {
        "ltp-ltd": Preset("LTP/LTD of the study on four devices [ours: no number is given]."),
        "by-hand": Preset(
            "The same on devices that the operator connects one after another [ours].",
            {"by": "hand"},
        ),
    }

    devices: Annotated[tuple[Name, ...], BeforeValidator(_read_devices)] = Field(
        ("D1", "D2", "D3", "D4"), min_length=1, description="Names of the devices, in order"
    )
    by: Literal["bank", "hand"] = Field(
        "bank", description="Who connects them: 'bank' by relays, 'hand' the operator"
    )
    protocol: str = Field("ltp-ltd", description="What is done to each device")
    protocol_preset: str | None = Field(
        None, description="Preset of that protocol; its first unless given"
    )
    settings: Annotated[Mapping[str, Any], BeforeValidator(_read_settings)] = Field(
        {}, description="Its parameters that differ, as 'up=30; states=500, open'"
    )

    @model_validator(mode="after")
    def _fits(self) -> Array:
        if twice := sorted({d for d in self.devices if self.devices.count(d) > 1}):
            raise ValueError(f"devices: {twice[0]!r} is given twice")
        try:
            self.on_each()
        except ProtocolError as error:
            raise ValueError(f"protocol, protocol_preset or settings: {error}") from error
        return self

    def on_each(self) -> Protocol:
        """The protocol that each device undergoes.

        Raises
        ------
        ProtocolError
            There is none of that name, it is this one, or it refuses its parameters.
        """
        # The catalogue lists this protocol too.
        from protocols.catalogue import find

        found = find(self.protocol)
        if issubclass(found, Array):
            raise ProtocolError("an array of arrays is not possible; name another protocol")
        return found.build(self.protocol_preset, **self.settings)

    def steps(self) -> Steps:
        """Device by device; which phases there are is the inner protocol's matter."""
        protocol = self.on_each()
        for device in self.devices:
            yield SelectDevice(device, by_hand=self.by == "hand")
            yield from protocol.steps()
