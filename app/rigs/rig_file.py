"""The rig file: which instruments, where, how wired, and what the device stands.

TOML, every key validated; quantities are text with units. An error names the file, the
key, the value and what is accepted. The text under a key is what the reference says of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from app.errors import InputError
from app.toml_file import Section, checked, read_toml
from drivers.catalogue import RESISTOR_BANKS, SOURCE_METERS
from drivers.limits import Limits
from drivers.resistor_bank import DeviceChannel, Resistor, ResistorBank
from drivers.source_meter import SourceMeter
from protocols.quantities import Current, Resistance, Time, Voltage

SIMULATED = "simulated"
"""Address of an instrument on the embedded simulated bench."""


D = TypeVar("D", SourceMeter, ResistorBank)


def _driver(known: Sequence[type[D]], name: object) -> type[D] | None:
    return next((driver for driver in known if driver.driver == name), None)


def _one_of(known: Iterable[str]) -> AfterValidator:
    """Accepts the names of drivers."""
    names = tuple(known)

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"there is no such driver; there are: {', '.join(names)}")
        return name

    return AfterValidator(check)


def _text_of_a_number(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class SourceMeterSection(Section):
    """The source-measure unit."""

    driver: Annotated[str, _one_of(d.driver for d in SOURCE_METERS)] = "keithley-2600b"
    """Name of the driver."""
    model: str = "2602B"
    """Lets programs be checked without a connection; the connected one must be the same. The
    driver's first model when only the driver is given."""
    address: str = Field(SIMULATED, min_length=1)
    """VISA resource name, or "simulated"."""
    channel: Annotated[str, BeforeValidator(_text_of_a_number)] = "a"
    """Channel that the device is connected to, as it is printed on the instrument (`"b"`, `2`);
    the first unless given, and none for a model that has but one."""
    wiring: Literal["2-wire", "4-wire"] = "4-wire"
    """4-wire senses at the device, 2-wire at the terminals."""
    verified_period: Annotated[Time, Field(gt=0)] | None = None
    """Least period that you have verified on your bench, for models whose vendor states none."""

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_driver(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        driver = _driver(SOURCE_METERS, given.get("driver", "keithley-2600b"))
        if driver is None:
            return given
        model = given.get("model", driver.models[0])
        channels = driver.channels_of(model) if model in driver.models else ()
        return {"model": model, "channel": channels[0] if channels else "", **given}

    @model_validator(mode="after")
    def _fits_the_driver(self) -> Self:
        driver = next(d for d in SOURCE_METERS if d.driver == self.driver)
        if self.model not in driver.models:
            raise ValueError(
                f"model = {self.model!r} is not for driver {self.driver!r}; it takes "
                f"{', '.join(driver.models)}"
            )
        channels = driver.channels_of(self.model)
        if self.channel not in (channels or ("",)):
            takes = " or ".join(map(repr, channels)) or "no channel, since it has but one"
            raise ValueError(f"channel = {self.channel!r} is not of the {self.model}; it takes "
                             f"{takes}")  # fmt: skip
        if self.verified_period is not None and not driver.verifiable:
            raise ValueError(
                f"verified_period is not for driver {self.driver!r}, whose least period the "
                "vendor states; leave it out"
            )
        return self


def _day(value: object) -> object:
    """A day and nothing that could be taken for one; TOML has days of its own."""
    if isinstance(value, datetime) or not isinstance(value, (date, str)):
        raise ValueError("write a day, as 2026-11-24")
    return value


class ResistorRow(Section):
    """One resistor of the bank."""

    channel: int = Field(ge=0)
    """Its relay."""
    nominal: Annotated[Resistance, Field(gt=0, lt=math.inf)]
    """By which it is called."""
    calibrated: Annotated[Resistance, Field(gt=0, lt=math.inf)] | None = None
    """As measured at the device; the nominal value without it."""
    uncertainty: Annotated[Resistance, Field(ge=0, lt=math.inf)] | None = None
    """Of the calibrated value, with the coverage factor `coverage`."""
    coverage: Annotated[float, Field(gt=0, le=10)] | None = None
    """Coverage factor of `uncertainty`; without it that is one standard deviation."""
    scatter: Annotated[Resistance, Field(ge=0, lt=math.inf)] | None = None
    """Part of the uncertainty that the scatter of the readings shows, as a standard deviation."""
    accuracy: Annotated[Resistance, Field(ge=0, lt=math.inf)] | None = None
    """Part of it that the accuracy of the source-measure unit leaves, as a standard uncertainty."""
    calibrated_on: Annotated[date, BeforeValidator(_day)] | None = None
    """Day on which it was measured, as `2026-11-24`."""

    @model_validator(mode="after")
    def _says_what_was_calibrated(self) -> Self:
        names = ("uncertainty", "coverage", "scatter", "accuracy", "calibrated_on")
        given = [name for name in names if getattr(self, name) is not None]
        if given and self.calibrated is None:
            raise ValueError(f"{given[0]} is of a calibrated value; give calibrated too")
        if self.coverage is not None and self.uncertainty is None:
            raise ValueError("coverage is of an uncertainty; give uncertainty too")
        return self


class DeviceRow(Section):
    """One device of several, behind a relay channel of its own."""

    name: str = Field(min_length=1, max_length=60)
    """By which a protocol asks for it."""
    channel: int = Field(ge=0)
    """Its relay."""


def _bank_of_the_study() -> tuple[ResistorRow, ...]:
    ohms = (500.0, 1000.0, 2000.0, 4000.0, 7000.0, 8000.0)
    return tuple(ResistorRow(channel=101 + k, nominal=r) for k, r in enumerate(ohms))


class ResistorBankSection(Section):
    """The switchable resistor bank."""

    driver: Annotated[str, _one_of(d.driver for d in RESISTOR_BANKS)] = "keysight-34970a"
    """Name of the driver."""
    model: str | None = None
    """The connected one must be this; any that the driver takes unless given."""
    address: str = Field(SIMULATED, min_length=1)
    """VISA resource name, or "simulated"."""
    settle: Annotated[Time, Field(ge=0, le=10)] = 0.02
    """Waited after relays have moved."""
    resistors: tuple[ResistorRow, ...] = Field(default_factory=_bank_of_the_study)
    """The resistors, a row each; required with another driver, unless it is a decade box, which
    has its own."""
    devices: tuple[DeviceRow, ...] = ()
    """Devices behind relays, a row each, of which one at a time is connected; none when the only
    device is fixed."""

    @model_validator(mode="before")
    @classmethod
    def _resistors_of_the_driver(cls, given: object) -> object:
        """The study's resistors are on relays that only the usual instrument has."""
        if isinstance(given, dict) and given.get("driver", "keysight-34970a") != "keysight-34970a":
            return {"resistors": (), **given}
        return given

    @field_validator("resistors", "devices")
    @classmethod
    def _behind_relays(cls, rows: tuple[Section, ...], info: ValidationInfo) -> tuple[Section, ...]:
        driver = _driver(RESISTOR_BANKS, info.data.get("driver"))
        if driver is None:
            return rows
        if not driver.switched and rows:
            raise ValueError(f"the driver {driver.driver!r} has no relays; leave it out")
        if driver.switched and not rows and info.field_name == "resistors":
            raise ValueError("at least one row { channel, nominal, calibrated } is needed")
        return rows

    @model_validator(mode="after")
    def _model_of_the_driver(self) -> Self:
        models = next(d.models for d in RESISTOR_BANKS if d.driver == self.driver)
        if self.model is not None and self.model not in models:
            raise ValueError(
                f"model = {self.model!r} is not for driver {self.driver!r}; it takes "
                f"{', '.join(models)}"
            )
        return self

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


class TranscriptSection(Section):
    """What passes between the computer and the instruments."""

    keep: bool = False
    """Keep all of it in a file beside each run's, and beside what `rig check`, `rig calibrate` and
    `safe` write, whoever starts them: as `--transcript`, for windows and the station too."""


class RigFile(Section):
    """A whole rig; with no file, the embedded simulated one."""

    source_meter: SourceMeterSection = SourceMeterSection()
    resistor_bank: ResistorBankSection = ResistorBankSection()
    device: DeviceSection = DeviceSection()
    simulation: SimulationSection = SimulationSection()
    visa: VisaSection = VisaSection()
    transcript: TranscriptSection = TranscriptSection()

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
            Resistor(
                row.channel,
                row.nominal,
                row.calibrated or row.nominal,
                row.calibrated_on,
                row.uncertainty,
                row.coverage or 1.0,
            )
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
        """Whether both describe one rig; how fast a simulated bench goes makes no difference, nor
        whether transcripts are kept.
        """
        apart: dict[str, Any] = {"simulation": {"speed"}, "transcript": True}
        return self.model_dump(exclude=apart) == other.model_dump(exclude=apart)

    def emulated(self) -> Self:
        """The same instruments, emulated around a nominal device, as fast as possible."""
        return self.model_copy(
            update={
                "source_meter": self.source_meter.model_copy(update={"address": SIMULATED}),
                "resistor_bank": self.resistor_bank.model_copy(update={"address": SIMULATED}),
                "simulation": SimulationSection(),
            }
        )

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """Read a rig file; None gives the embedded simulated rig.

        Raises
        ------
        InputError
            Not readable, not TOML, an unknown key, or a value that is not accepted.
        """
        return cls() if path is None else read_toml(path, cls, "rig file")
