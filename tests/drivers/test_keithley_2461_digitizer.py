"""Waveforms on the 2461: what is sent, what comes back, and what every instrument says of them."""

import re

import numpy as np
import pytest
from faulty_wire import TappedLink
from reference import mean_voltages

from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from data.samples import Flag
from drivers.catalogue import SOURCE_METERS
from drivers.keithley_2461 import Keithley2461
from drivers.keithley_2461_layout import layout
from drivers.simulated.links import simulated_links
from protocols.errors import ProtocolError
from protocols.program import Instant, PulseProgram, Segment
from protocols.waveform import Waveform

SHORT = {"interval": 1e-4, "aperture": 5e-5, "width": 1e-3, "gap": 4e-3, "baseline": 5e-4}


@pytest.fixture
def parts():
    bench = make_bench(RigFile(source_meter={"driver": "keithley-2461"}), noise=False)
    link = simulated_links(bench, "keithley-2461", "keysight-34970a")[0]
    tap = TappedLink(link, lambda command: command)
    meter = Keithley2461.connect(tap, "", "4-wire")
    yield meter, tap
    meter.close()


def play(meter, played):
    meter.load(played)
    meter.start()
    readouts = [meter.drain()]
    while readouts[-1].running:
        readouts.append(meter.drain())
    meter.stand_by()
    return readouts


def column(readouts, name):
    return np.concatenate([getattr(r, name) for r in readouts])


def test_what_is_sent_for_a_waveform(parts):
    meter, tap = parts
    tap.sent.clear()
    meter.load(Waveform.build(**SHORT).program())
    sent = tap.sent[: tap.sent.index("SYST:ERR:COUN?")]
    assert not any("NPLC" in line or line.startswith("SENS:FUNC") for line in sent)
    first = sent.index('SENS:DIG:FUNC "VOLT"')
    assert sent[first : first + 5] == [
        'SENS:DIG:FUNC "VOLT"', "SENS:DIG:VOLT:RANG 2", "SENS:DIG:VOLT:RSEN 1",
        "SENS:DIG:VOLT:SRAT 20000", "SENS:DIG:VOLT:APER 5e-05",
    ]  # fmt: skip
    # Two samples an interval. An entry at 0 follows, since the last gap is longer than "off".
    assert 'TRAC:POIN 210,"defbuffer1"' in sent
    assert sent[-2:] == [
        "SOUR:PULS:LIST:CURR 0.001,0.001,0",
        'SOUR:PULS:SWE:CURR:LIST 0.001,ON,"defbuffer1",1,1,0.0005,0.0035,OFF',
    ]  # fmt: skip
    assert {"SENS:DIG:FUNC?", "SENS:DIG:VOLT:SRAT?", "SENS:DIG:VOLT:APER?"} <= set(tap.sent)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"count": 1, "baseline": 6e-3},
        {"count": 3, "interval": 1e-3, "aperture": 8e-4, "width": 2e-3, "baseline": 1e-3},
        {"interval": 5e-6, "aperture": 5e-6 - 1e-6, "width": 2e-4, "gap": 4e-4, "baseline": 1e-4},
        {"interval": 3e-5, "aperture": 5e-6, "width": 3e-4, "gap": 6e-4, "baseline": 3e-5},
        {"interval": 7e-6, "aperture": 1e-6, "width": 2.1e-4, "gap": 4.2e-4, "baseline": 7e-5},
        {"interval": 3e-3, "aperture": 1e-4, "width": 6e-3, "gap": 30e-3, "baseline": 6e-3},
    ],
    ids=["short", "one", "milliseconds", "5 us", "30 us", "7 us", "3 ms"],
)  # fmt: skip
def test_every_interval_is_read_where_it_says_and_as_the_circuit_has_it(parts, changes):
    played = Waveform.build(**{**SHORT, **changes}).program()
    readouts = play(parts[0], played)
    time, voltage = column(readouts, "time"), column(readouts, "voltage")
    assert len(time) == len(played)
    assert (time >= played.start - 1e-9).all()
    assert (time + played.aperture <= played.start + played.duration + 1e-9).all()
    np.testing.assert_allclose(time, column(readouts, "requested_time"), atol=1e-8)
    np.testing.assert_array_equal(column(readouts, "current"), played.level)
    assert not column(readouts, "flags").any()
    # Its emulated source settles in another time than that of the reference: 7 us of charge each.
    late = float(played.start[1] + played.duration[0] - time[1] - played.aperture)
    segments = list(zip(played.level.tolist(), played.duration.tolist(), strict=True))
    exact = mean_voltages(np.inf, segments, played.aperture, max(late, 0.0))
    since = played.start - np.maximum.accumulate(
        np.where(np.diff(played.level, prepend=0.0) != 0, played.start, -1.0)
    )
    settled = since > 4e-4
    np.testing.assert_allclose(voltage[settled], exact[settled], atol=6e-5)


def test_a_waveform_that_needs_no_digitizer_and_does_not_fit_it_is_a_sweep():
    long = Waveform.build(interval=10e-3, aperture=5e-3, width=40e-3, gap=0.1, baseline=20e-3)
    assert layout(long.program()).kind == "sweep"
    assert layout(Waveform.build().program()).kind == "digitized"


def segments(*parts):
    return PulseProgram.compile(
        [Segment(level, 1e-4, "up", Instant.DURING, repeat=n) for level, n in parts],
        phases=("up",), limit=0.8, aperture=5e-5,
    )  # fmt: skip


THREE = Waveform.build(
    interval=3e-6, aperture=2e-6, width=9e-4, gap=3.9e-3, baseline=3e-4
).program()
LONG = Waveform.build(
    count=1000, interval=7e-6, aperture=1e-6, width=2.1e-4, gap=4.9e-3, baseline=7e-5
).program()
UNEQUAL = PulseProgram.compile(
    [Segment(level, t, "up", Instant.DURING) for level in (1e-3, 0.0) for t in (1e-4, 2e-4)],
    phases=("up",), limit=0.8, aperture=5e-5,
)  # fmt: skip


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (Waveform.build(**{**SHORT, "width": 1e-4}).program(),
         r"pulse of 100 us is shorter than the least of 150 us, which is the nearest"),
        (Waveform.build(**{**SHORT, "baseline": 5e-3}).program(),
         r"rest of 5 ms before the first pulse .* nearest is below 4 ms"),
        (THREE, r"interval of 3 us with an aperture of 2 us is no whole .* interval of 4 us"),
        (Waveform.build(**{**SHORT, "aperture": 2.6e-6}).program(),
         r"interval of 100 us and an aperture of 3 us"),
        (Waveform.build(**{**SHORT, "interval": 5e-7, "aperture": 4e-7}).program(),
         r"aperture 400 ns is not possible on the 2461; 1 us to 1 ms.*interval of 1 us"),
        (LONG, r"need 5110070 readings, more than the 2461 holds; at most 4500000"),
        (segments((1e-3, 20), (0, 20), (1e-3, 30), (0, 20)), "one width; the nearest is 2 ms"),
        (segments((1e-3, 20), (0, 20), (1e-3, 20), (0, 30), (1e-3, 20), (0, 9)), "gaps .* 2 ms"),
        (segments((1e-3, 20), (2e-3, 20), (0, 20)), "each pulse with a gap at 0 behind it"),
        (UNEQUAL, "equal intervals"),
    ],
    ids=["width", "baseline", "interval", "aperture", "rate", "length", "widths", "gaps", "steps",
         "unequal"],
)  # fmt: skip
def test_what_the_digitizer_cannot_do_is_refused_with_what_it_can(parts, refused, said):
    with pytest.raises(ProtocolError, match=said):
        refused.check(parts[0].capabilities)


def test_every_number_of_the_digitizer_has_its_source():
    able = Keithley2461.capabilities_of("2461", 50.0).digitizer
    for name in ("shortest_segment", "shortest_aperture", "longest_aperture", "most_readings"):
        assert "Reference Manual" in able.sources[name]


@pytest.mark.parametrize(
    ("driver", "model"), [(d, m) for d in SOURCE_METERS for m in d.models if m != "2461"],
    ids=lambda value: value if isinstance(value, str) else value.driver,
)  # fmt: skip
def test_an_interval_that_is_too_short_is_refused_with_the_nearest_that_fits(driver, model):
    able = driver.capabilities_of(model, 50.0)
    aperture = able.shortest_aperture

    def waveform(interval):
        return Waveform.build(
            interval=interval, aperture=aperture, width=4 * interval, gap=9 * interval,
            baseline=2 * interval,
        ).program()  # fmt: skip

    with pytest.raises(ProtocolError, match="nearest that fits has an interval of") as told:
        waveform(aperture * 1.5).check(able)
    number, unit = re.findall(r"an interval of ([\d.]+) (us|ms)", str(told.value))[-1]
    nearest = float(number) * {"us": 1e-6, "ms": 1e-3}[unit]
    waveform(nearest).check(able)
    with pytest.raises(ProtocolError):
        waveform(nearest * 0.95).check(able)


def test_samples_at_the_limit_are_flagged(parts):
    # 1 mA through 44 ohm is 44 mV at once: beyond 30 mV, which the source then holds.
    low = Waveform.build(**SHORT, voltage_limit=30e-3).program()
    readouts = play(parts[0], low)
    flags, driven = column(readouts, "flags"), low.level != 0
    settled = np.append(False, driven[1:] & driven[:-1])
    assert (flags[settled] & Flag.LIMIT).all()
    np.testing.assert_allclose(column(readouts, "voltage")[settled], 30e-3, rtol=1e-3)
    assert not (flags[: np.flatnonzero(driven)[0] - 1] & Flag.LIMIT).any()


def test_it_is_made_safe_while_it_digitizes_and_plays_again_after(parts):
    meter, tap = parts
    slow = {"gap": 5.0, "interval": 1e-3, "aperture": 5e-4, "baseline": 1e-3}
    long = Waveform.build(**{**SHORT, **slow}).program()
    meter.load(long)
    meter.start()
    assert meter.drain().running
    tap.sent.clear()
    assert meter.make_safe() == "output off, off mode high-impedance"
    assert tap.sent[0] == "ABOR"
    short = Waveform.build(**SHORT).program()
    assert len(column(play(meter, short), "time")) == len(short)
