"""From a rig file to an open rig, real or simulated; the links are all that differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.guard.claimed_link import Claim, ClaimedLink
from app.rigs.rig_file import RigFile
from drivers.catalogue import RESISTOR_BANKS, SOURCE_METERS
from drivers.errors import InstrumentError
from drivers.instrument import Identity
from drivers.link import Link, VisaLink
from drivers.recorded_link import RecordedLink
from drivers.resistor_bank import ResistorBank
from drivers.rig import Rig
from drivers.source_meter import SourceMeter
from drivers.transcript import Transcript
from protocols.capabilities import Capabilities

if TYPE_CHECKING:
    from drivers.simulated.bench import Bench


LINE_FREQUENCY = 50.0
"""Assumed where no instrument is connected that could be asked, in Hz."""


def source_meter_class(rig: RigFile) -> type[SourceMeter]:
    """The driver that the rig file names."""
    return next(d for d in SOURCE_METERS if d.driver == rig.source_meter.driver)


def stated_capabilities(rig: RigFile) -> Capabilities:
    """What the rig's source-measure unit can do, without a connection."""
    section = rig.source_meter
    return source_meter_class(rig).capabilities_of(
        section.model, LINE_FREQUENCY, verified_period=section.verified_period
    )


def resistor_bank_class(rig: RigFile) -> type[ResistorBank]:
    """The driver that the rig file names."""
    return next(d for d in RESISTOR_BANKS if d.driver == rig.resistor_bank.driver)


def open_rig(rig: RigFile, bench: Bench | None = None, transcript: Transcript | None = None) -> Rig:
    """Open both instruments of a rig; nothing is energised.

    A real rig is locked against other processes and guarded until it is closed. If whoever had
    it before did not leave it safe, it is made safe first.

    Parameters
    ----------
    bench
        Use this simulated bench instead of a new one.
    transcript
        Where what passes is noted, a new one unless given.

    Raises
    ------
    InputError
        Another process has the rig.
    InstrumentError
        An instrument cannot be reached or is another model, or the rig was left unsafe and
        cannot be made safe.
    """
    transcript = transcript or Transcript()
    if rig.simulated:
        return _reach(rig, bench, transcript)
    from app.guard.guarded_rig import GuardedRig, Tenure

    def reach(claim: Claim) -> Rig:
        return _reach(rig, None, transcript, claim)

    tenure = Tenure.begin(rig)
    try:
        return GuardedRig(**vars(tenure.reach(reach)), tenure=tenure)
    except BaseException:
        tenure.end()
        raise


def _reach(
    rig: RigFile, bench: Bench | None, transcript: Transcript, claim: Claim | None = None
) -> Rig:
    pair = links(rig, bench)
    if claim is not None:
        pair = (
            ClaimedLink(pair[0], "source_meter", claim),
            ClaimedLink(pair[1], "resistor_bank", claim),
        )
    meter_link, bank_link = recorded(pair, transcript)
    meter = open_meter(rig, meter_link)
    try:
        bank = open_bank(rig, bank_link)
    except BaseException:
        meter.close()
        raise
    return Rig(
        meter=meter,
        bank=bank,
        limits=rig.limits,
        resistors=rig.resistors,
        wait=meter_link.wait,
        simulated=rig.simulated,
        addresses={"source_meter": meter_link.address, "resistor_bank": bank_link.address},
        description=rig.model_dump(mode="json"),
        transcript=transcript,
    )


def open_meter(rig: RigFile, link: Link) -> SourceMeter:
    """Reach the rig's source-measure unit over a link; nothing is energised.

    Raises
    ------
    InstrumentError
        It cannot be reached or is another model.
    """
    section = rig.source_meter
    meter = source_meter_class(rig).connect(
        link, section.channel, section.wiring, verified_period=section.verified_period
    )
    try:
        _same_model("source_meter", link, meter.identity, section.model)
    except BaseException:
        meter.close()
        raise
    return meter


def open_bank(rig: RigFile, link: Link) -> ResistorBank:
    """Reach the rig's resistor bank over a link; no relay moves.

    Raises
    ------
    InstrumentError
        It cannot be reached or is another model.
    """
    section = rig.resistor_bank
    bank = resistor_bank_class(rig).connect(link, rig.resistors, section.settle, rig.devices)
    try:
        _same_model("resistor_bank", link, bank.identity, section.model)
    except BaseException:
        bank.close()
        raise
    return bank


def _same_model(role: str, link: Link, found: Identity, expected: str | None) -> None:
    if expected is not None and found.model != expected:
        raise InstrumentError(
            f"{link.address} is a {found}, the rig file says {expected}; correct {role}.model "
            "or the address"
        )


def links(rig: RigFile, bench: Bench | None = None) -> tuple[Link, Link]:
    """The ways to the source-measure unit and to the bank; those of `bench` if simulated."""
    if not rig.simulated:
        return (
            VisaLink(rig.source_meter.address, rig.visa.library, rig.visa.timeout),
            VisaLink(rig.resistor_bank.address, rig.visa.library, rig.visa.timeout),
        )
    from drivers.simulated.links import simulated_links

    return simulated_links(
        bench or make_bench(rig), rig.source_meter.driver, rig.resistor_bank.driver,
        (rig.source_meter.model, rig.resistor_bank.model or ""),
    )  # fmt: skip


def recorded(pair: tuple[Link, Link], transcript: Transcript) -> tuple[Link, Link]:
    """Have all that passes on the links of `links` noted."""
    meter, bank = pair
    return (
        RecordedLink(meter, "source_meter", transcript),
        RecordedLink(bank, "resistor_bank", transcript),
    )


def make_bench(rig: RigFile, *, noise: bool | None = None, speed: float | None = None) -> Bench:
    """A simulated bench for the rig's instruments, with its resistors and devices.

    Parameters
    ----------
    noise, speed
        Instead of what the rig file says.
    """
    from drivers.simulated.catalogue import new_bench

    simulation = rig.simulation
    return new_bench(
        {r.channel: r.calibrated for r in rig.resistors},
        meter=(rig.source_meter.driver, rig.source_meter.model),
        channel=rig.source_meter.channel,
        devices=[d.channel for d in rig.devices],
        spread=simulation.spread,
        elements={str(name): by for name, by in simulation.elements.items()},
        seed=simulation.seed,
        noise=simulation.noise if noise is None else noise,
        speed=simulation.speed if speed is None else speed,
    )
