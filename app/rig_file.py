"""The rig file: which instruments, where, how wired, and what the device stands.

TOML, every key validated; quantities are text with units. An error names the file, the
key, the value and what is accepted. The text under a key is what the reference says of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from app.errors import InputError
from app.toml_file import Section, checked, read_toml
from drivers.catalogue import RESISTOR_BANKS, SOURCE_METERS
from drivers.limits import Limits
from drivers.resistor_bank import DeviceChannel, Resistor
from protocols.quantities import Current, Resistance, Time, Voltage

SIMULATED = "simulated"
"""Address of an instrument on the embedded simulated bench."""


def _one_of(known: Iterable[str]) -> AfterValidator:
    """Accepts the names of drivers."""
    names = tuple(known)

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"there is no such driver; there are: {', '.join(names)}")
        return name

    return AfterValidator(check)


class SourceMeterSection(Section):
    """The source-measure unit."""

    driver: Annotated[str, _one_of(d.driver for d in SOURCE_METERS)] = "keithley-2600b"
    """Name of the driver."""
    model: str = "2602B"
    """Lets programs be checked without a connection; the connected one must be the same."""
    address: str = Field(SIMULATED, min_length=1)
    """VISA resource name, or "simulated"."""
    channel: Literal["a", "b"] = "a"
    """Channel that the device is connected to."""
    wiring: Literal["2-wire", "4-wire"] = "4-wire"
    """4-wire senses at the device, 2-wire at the terminals."""

    @model_validator(mode="after")
    def _model_of_the_driver(self) -> Self:
        models = next(d.models for d in SOURCE_METERS if d.driver == self.driver)
        if self.model not in models:
            raise ValueError(
                f"model = {self.model!r} is not for driver {self.driver!r}; it takes "
                f"{', '.join(models)}"
            )
        return self


class ResistorRow(Section):
    """One resistor of the bank."""

    channel: int = Field(ge=1)
    """Its relay."""
    nominal: Annotated[Resistance, Field(gt=0, lt=math.inf)]
    """By which it is called."""
    calibrated: Annotated[Resistance, Field(gt=0, lt=math.inf)] | None = None
    """As measured at the device; the nominal value without it."""


class DeviceRow(Section):
    """One device of several, behind a relay channel of its own."""

    name: str = Field(min_length=1, max_length=60)
    """By which a protocol asks for it."""
    channel: int = Field(ge=1)
    """Its relay."""


def _bank_of_the_study() -> tuple[ResistorRow, ...]:
    ohms = (500.0, 1000.0, 2000.0, 4000.0, 7000.0, 8000.0)
    return tuple(ResistorRow(channel=101 + k, nominal=r) for k, r in enumerate(ohms))


class ResistorBankSection(Section):
    """The switchable resistor bank."""

    driver: Annotated[str, _one_of(d.driver for d in RESISTOR_BANKS)] = "keysight-34970a"
    """Name of the driver."""
    address: str = Field(SIMULATED, min_length=1)
    """VISA resource name, or "simulated"."""
    settle: Annotated[Time, Field(ge=0, le=10)] = 0.02
    """Waited after relays have moved."""
    resistors: tuple[ResistorRow, ...] = Field(default_factory=_bank_of_the_study, min_length=1)
    """The resistors, a row each."""
    devices: tuple[DeviceRow, ...] = ()
    """Devices behind relays, a row each, of which one at a time is connected; none when the only
    device is fixed."""

    @model_validator(mode="after")
    def _channels_differ(self) -> Self:
        channels = [row.channel for row in self.resistors] + [row.channel for row in self.devices]
        if twice := sorted({c for c in channels if channels.count(c) > 1}):
            where = "resistors and devices" if self.devices else "resistors"
            raise ValueError(f"channel {twice[0]} is given twice in {where}")
        names = [row.name for row in self.devices]
        if same := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"the name {same[0]!r} is given twice in devices")
        return self


class DeviceSection(Section):
    """Limits of the device under test."""

    max_voltage: Annotated[Voltage, Field(gt=0)] = 0.8
    """Greatest voltage across it, of either sign."""
    max_current: Annotated[Current, Field(gt=0)] = 20e-3
    """Greatest current through it, of either sign."""


def _speed(value: object) -> object:
    words = {"as fast as possible": math.inf, "real time": 1.0}
    if isinstance(value, str):
        if value.strip().lower() in words:
            return words[value.strip().lower()]
        try:
            return float(value.lower().removesuffix("x"))
        except ValueError:
            raise ValueError(
                f"{value!r} is no speed; 'as fast as possible', 'real time', or N times as 10"
            ) from None
    return value


Element = Literal["rs", "c1", "r1", "c2", "r2", "c3", "r_leak"]


class SimulationSection(Section):
    """The simulated bench."""

    seed: int = Field(1, ge=0)
    """Of noise, offsets and spread; one seed, one result."""
    noise: bool = True
    """Without it the instruments have neither noise nor offset; they still settle."""
    spread: float = Field(0.0, ge=0, le=1)
    """Standard deviation of the logarithm of each element of a simulated device, drawn for each
    device; 0 for nominal ones."""
    elements: dict[Element, Annotated[float, Field(gt=0, le=100)]] = Field(default_factory=dict)
    """Factors on elements of every simulated device, as bending or ageing changes them."""
    speed: Annotated[float, BeforeValidator(_speed), Field(ge=1)] = math.inf
    """Bench time over wall time: "as fast as possible", "real time", or N times as 10."""


class VisaSection(Section):
    """How instruments are reached."""

    library: str = ""
    """As PyVISA takes it; "" is the system's, with pyvisa-py as the fallback; "@py" forces it."""
    timeout: Annotated[Time, Field(gt=0, le=600)] = 5.0
    """Time that a reply may take."""


class RigFile(Section):
    """A whole rig; with no file, the embedded simulated one."""

    source_meter: SourceMeterSection = SourceMeterSection()
    resistor_bank: ResistorBankSection = ResistorBankSection()
    device: DeviceSection = DeviceSection()
    simulation: SimulationSection = SimulationSection()
    visa: VisaSection = VisaSection()

    @model_validator(mode="after")
    def _one_bench(self) -> Self:
        if (
            len({self.source_meter.address == SIMULATED, self.resistor_bank.address == SIMULATED})
            > 1
        ):
            raise ValueError(
                "source_meter.address and resistor_bank.address: both 'simulated' or none, "
                "since a simulated device cannot be wired to a real instrument"
            )
        return self

    @property
    def simulated(self) -> bool:
        """Whether the instruments are those of the embedded bench."""
        return self.source_meter.address == SIMULATED

    @property
    def limits(self) -> Limits:
        """Limits of the device under test."""
        return Limits(self.device.max_voltage, self.device.max_current)

    @property
    def resistors(self) -> tuple[Resistor, ...]:
        """The bank's table; what was not calibrated counts as nominal."""
        return tuple(
            Resistor(row.channel, row.nominal, row.calibrated or row.nominal)
            for row in self.resistor_bank.resistors
        )

    @property
    def devices(self) -> tuple[DeviceChannel, ...]:
        """The devices behind relays; none when the only device is fixed."""
        return tuple(DeviceChannel(row.name, row.channel) for row in self.resistor_bank.devices)

    def at_speed(self, speed: object) -> Self:
        """The same rig with its simulated bench at another speed, given as in a rig file.

        Raises
        ------
        InputError
            The instruments are real, or the speed is not accepted.
        """
        if not self.simulated:
            raise InputError(f"speed = {speed!r}: only a simulated rig has a speed")
        settings = {**self.simulation.model_dump(), "speed": speed}
        simulation = checked(settings, SimulationSection, "the simulated rig")
        return self.model_copy(update={"simulation": simulation})

    def alike(self, other: RigFile) -> bool:
        """Whether both describe one rig; how fast a simulated bench goes makes no difference."""
        speed = {"simulation": {"speed"}}
        return self.model_dump(exclude=speed) == other.model_dump(exclude=speed)

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """Read a rig file; None gives the embedded simulated rig.

        Raises
        ------
        InputError
            Not readable, not TOML, an unknown key, or a value that is not accepted.
        """
        return cls() if path is None else read_toml(path, cls, "rig file")
