"""The emulated 2602B's trigger model, timers and measurements, in the idiom of the vendor."""

import math
import struct
from itertools import pairwise

import pytest

FIXED_CURRENT_SOURCE = """
reset()
smua.source.func = smua.OUTPUT_DCAMPS
smua.source.rangei = 1e-3
smua.source.leveli = 0
smua.source.limitv = 1
smua.source.offmode = smua.OUTPUT_HIGH_Z
smua.measure.autozero = smua.AUTOZERO_ONCE
smua.measure.rangev = 1
smua.measure.nplc = 0.01
smua.nvbuffer1.clear()
smua.nvbuffer1.collectsourcevalues = 1
smua.nvbuffer2.clear()
smua.nvbuffer2.collectsourcevalues = 1
"""

PULSED_SWEEP = """
function pulsedSweep(start, stop, points, width, period)
    local periodTimer, widthTimer = trigger.timer[1], trigger.timer[2]
    local measureTimer = trigger.timer[3]
    periodTimer.count = points - 1
    periodTimer.delay = period
    periodTimer.passthrough = true
    periodTimer.stimulus = smua.trigger.ARMED_EVENT_ID
    widthTimer.delay = width
    widthTimer.stimulus = periodTimer.EVENT_ID
    measureTimer.delay = width - smua.measure.nplc / localnode.linefreq - 60e-6
    measureTimer.stimulus = periodTimer.EVENT_ID
    smua.trigger.source.lineari(start, stop, points)
    smua.trigger.source.limitv = smua.LIMIT_AUTO
    smua.trigger.source.action = smua.ENABLE
    smua.trigger.source.stimulus = periodTimer.EVENT_ID
    smua.trigger.measure.iv(smua.nvbuffer1, smua.nvbuffer2)
    smua.trigger.measure.action = smua.ENABLE
    smua.trigger.measure.stimulus = measureTimer.EVENT_ID
    smua.trigger.endpulse.action = smua.SOURCE_IDLE
    smua.trigger.endpulse.stimulus = widthTimer.EVENT_ID
    smua.trigger.endsweep.action = smua.SOURCE_IDLE
    smua.trigger.count = points
    smua.source.output = smua.OUTPUT_ON
    smua.trigger.initiate()
end
"""


@pytest.fixture
def ready(console):
    console.run(FIXED_CURRENT_SOURCE + PULSED_SWEEP)
    return console


def table(console, *columns, ascii_digits=16):
    """Rows of buffer columns as the instrument prints them."""
    console.send(f"format.asciiprecision = {ascii_digits}")
    flat = console.ask(f"printbuffer(1, 1e6, {', '.join(columns)})").split(", ")
    values = [float(v) for v in flat]
    return [tuple(values[k : k + len(columns)]) for k in range(0, len(values), len(columns))]


def levels(console):
    """(time, level in A) of every change of the source level."""
    changes = [(t, what.split()) for t, what in console.journal() if " level " in what]
    return [(t, float(words[2])) for t, words in changes]


def test_pulsed_sweep_has_the_spacing_width_and_levels_it_asks_for(ready):
    ready.send("pulsedSweep(1e-4, 1e-3, 10, 1e-3, 5e-3) waitcomplete()")
    rows = table(
        ready, "smua.nvbuffer1", "smua.nvbuffer1.sourcevalues", "smua.nvbuffer1.timestamps"
    )
    assert [r[1] for r in rows] == pytest.approx([k * 1e-4 for k in range(1, 11)])
    assert [r[0] for r in rows] == pytest.approx([r[1] for r in rows], rel=1e-6)
    assert [r[2] for r in rows] == pytest.approx([k * 5e-3 for k in range(10)], abs=1e-9)
    changes = levels(ready)
    ups, downs = changes[0::2], changes[1::2]
    widths = [down - up for (up, _), (down, _) in zip(ups, downs, strict=True)]
    assert widths == pytest.approx([1e-3] * 10)
    assert all(level == 0 for _, level in downs)
    assert ready.errors() == []


def test_measurement_averages_over_its_aperture(ready, bench):
    """The reading is the mean of the device's true voltage between start and end."""
    ready.send("pulsedSweep(1e-3, 1e-3, 2, 1e-3, 2e-3) waitcomplete()")
    rows = table(ready, "smua.nvbuffer2", "smua.nvbuffer2.timestamps")
    circuit = bench.device.circuit
    # On the way up the first capacitor takes nearly all charge: u = I (Rs + t/C1) at mid aperture.
    middle = (1e-3 - 200e-6 - 60e-6) + 100e-6
    assert rows[0][0] == pytest.approx(1e-3 * (circuit.rs + middle / circuit.c1), rel=0.02)


def test_progress_is_visible_while_the_sweep_runs(ready):
    """The operation register names the channel until the sweep is over."""
    ready.send("pulsedSweep(1e-3, 1e-3, 8000, 1e-3, 2e-3)")
    assert ready.number("status.operation.sweeping.condition") == 2
    part = ready.number("smua.nvbuffer1.n")
    assert 0 < part < 8000
    while ready.number("status.operation.sweeping.condition"):
        pass
    assert ready.number("smua.nvbuffer1.n") == 8000


def test_printbuffer_waits_for_readings_still_to_come(ready):
    ready.send("pulsedSweep(1e-3, 1e-3, 20, 1e-3, 2e-3)")
    assert len(ready.ask("printbuffer(1, 20, smua.nvbuffer1)").split(", ")) == 20


def test_alternating_list_held_between_steps(ready):
    """Twice as many levels as pulses, held, on a timer that alternates width and gap."""
    ready.run("""
        trigger.timer[1].delaylist = {1e-3, 3e-3}
        trigger.timer[1].count = 7
        trigger.timer[1].passthrough = true
        trigger.timer[1].stimulus = smua.trigger.ARMED_EVENT_ID
        trigger.timer[2].delay = 0.5e-3
        trigger.timer[2].stimulus = trigger.timer[1].EVENT_ID
        smua.trigger.source.listi({1e-3, 0, 5e-4, 0})
        smua.trigger.source.action = smua.ENABLE
        smua.trigger.source.stimulus = trigger.timer[1].EVENT_ID
        smua.trigger.measure.iv(smua.nvbuffer1, smua.nvbuffer2)
        smua.trigger.measure.action = smua.ENABLE
        smua.trigger.measure.stimulus = trigger.timer[2].EVENT_ID
        smua.trigger.endpulse.action = smua.SOURCE_HOLD
        smua.trigger.count = 8
        smua.source.output = smua.OUTPUT_ON
        smua.trigger.initiate()
        waitcomplete()
    """)
    rows = table(ready, "smua.nvbuffer1.timestamps", "smua.nvbuffer1.sourcevalues")
    starts = [0, 1, 4, 5, 8, 9, 12, 13]
    assert [r[0] for r in rows] == pytest.approx([t * 1e-3 for t in starts], abs=1e-9)
    assert [r[1] for r in rows] == [1e-3, 0, 5e-4, 0] * 2
    assert ready.errors() == []


def test_too_short_a_period_is_an_overrun(ready):
    """A measurement that lasts longer than the period makes the source detector overrun."""
    overrun = "status.operation.instrument.smua.trigger_overrun.condition"
    ready.send("pulsedSweep(1e-3, 1e-3, 5, 1e-3, 2e-3) waitcomplete()")
    assert ready.number(overrun) == 0
    ready.send("smua.measure.nplc = 1 trigger.timer[3].delay = 1e-4")
    ready.send("trigger.timer[1].stimulus = smua.trigger.ARMED_EVENT_ID")
    ready.send("smua.trigger.initiate() delay(0.2)")
    assert int(ready.number(overrun)) & 4


def test_timer_ignores_and_reports_a_trigger_during_its_delay(console):
    console.run("""
        trigger.timer[4].delay = 10e-3
        trigger.timer[4].stimulus = trigger.generator[1].EVENT_ID
        trigger.generator[1].assert()
        delay(4e-3)
        trigger.generator[1].assert()
    """)
    register = "status.operation.instrument.trigger_timer.trigger_overrun.condition"
    assert console.number(register) == 16
    assert console.ask("print(trigger.timer[4].wait(6.1e-3))") == "true"
    assert console.ask("print(trigger.timer[4].wait(50e-3))") == "false"
    console.send("trigger.timer[4].clear()")
    assert console.number(register) == 0


def test_two_pulse_trains_by_the_arm_layer(ready):
    ready.send("smua.trigger.arm.count = 3")
    ready.send("pulsedSweep(1e-3, 1e-3, 4, 1e-3, 2e-3) waitcomplete()")
    assert ready.number("smua.nvbuffer1.n") == 12


def test_abort_leaves_the_output_on(ready):
    ready.send("pulsedSweep(1e-3, 1e-3, 3000, 1e-3, 2e-3)")
    ready.send("smua.abort()")
    assert ready.number("status.operation.sweeping.condition") == 0
    assert ready.number("smua.source.output") == 1
    ready.send("smua.source.leveli = 0 smua.source.output = smua.OUTPUT_HIGH_Z")
    assert ready.number("smua.source.output") == 0
    assert ready.journal()[-1][1] == "smua output off, open"


def test_limit_is_held_and_flagged(ready):
    ready.send("smua.source.limitv = 0.05")
    ready.send("pulsedSweep(1e-3, 1e-3, 3, 1e-3, 2e-3) waitcomplete()")
    rows = table(ready, "smua.nvbuffer2", "smua.nvbuffer2.statuses")
    assert all(v <= 0.05 * (1 + 1e-6) for v, _ in rows)
    assert int(rows[-1][1]) & 0x40
    assert int(ready.number("status.measurement.voltage_limit.condition")) == 2


@pytest.mark.parametrize(("fmt", "code", "size"), [("REAL64", "d", 8), ("SREAL", "f", 4)])
@pytest.mark.parametrize(("order", "mark"), [("LITTLEENDIAN", "<"), ("BIGENDIAN", ">")])
def test_binary_blocks(ready, fmt, code, size, order, mark):
    ready.send("pulsedSweep(1e-3, 1e-3, 3, 1e-3, 2e-3) waitcomplete()")
    ready.send(f"format.data = format.{fmt} format.byteorder = format.{order}")
    ready.send("printbuffer(1, 3, smua.nvbuffer1.timestamps, smua.nvbuffer1.sourcevalues)")
    block = ready.read()
    assert block[:2] == b"#0"
    assert block[-1:] == b"\n"
    assert len(block) == 2 + 6 * size + 1
    values = struct.unpack(f"{mark}6{code}", block[2:-1])
    assert values == pytest.approx([0, 1e-3, 2e-3, 1e-3, 4e-3, 1e-3])


def test_output_off_states_act_on_the_device(console, bench):
    """Normal off shorts the device, an open relay leaves its charge."""
    console.run("""
        smua.source.func = smua.OUTPUT_DCAMPS smua.source.rangei = 1e-3 smua.source.limitv = 1
        smua.source.leveli = 1e-3
        smua.source.output = smua.OUTPUT_ON delay(0.5)
        smua.source.output = smua.OUTPUT_HIGH_Z delay(0.1)
    """)
    kept, current = bench.stage("a").terminal(bench.clock.now)
    assert kept > 0.05
    assert current == 0
    console.send("smua.source.offmode = smua.OUTPUT_NORMAL smua.source.output = 0 delay(0.1)")
    shorted, _ = bench.stage("a").terminal(bench.clock.now)
    assert abs(shorted) < 1e-6


def test_immediate_measurement_takes_its_aperture(console):
    console.send("smua.measure.nplc = 1 smua.measure.count = 3 timer.reset()")
    console.send("smua.source.output = 1 smua.measure.v(smua.nvbuffer1)")
    times = table(console, "smua.nvbuffer1.timestamps")
    assert len(times) == 3
    assert times[1][0] >= 20e-3
    assert console.number("timer.measure.t()") >= 60e-3


def test_script_waiting_for_the_trig_key_goes_on_when_it_is_pressed(ready):
    ready.run("""
        print("armed")
        smua.trigger.arm.stimulus = display.trigger.EVENT_ID
        pulsedSweep(1e-3, 1e-3, 2, 1e-3, 2e-3)
        waitcomplete()
        print("done")
    """)
    assert ready.lines() == ["armed"]
    ready.send("print('queued')")
    assert ready.lines() == []
    ready.instrument.press_trig()
    ready.send("")
    assert ready.lines() == ["done", "queued"]


def test_log_sweep_is_geometric(ready):
    ready.run("""
        smua.trigger.source.logi(1e-5, 1e-3, 5, 0)
        smua.trigger.source.action = smua.ENABLE
        smua.trigger.measure.i(smua.nvbuffer1) smua.trigger.measure.action = smua.ENABLE
        smua.trigger.count = 5
        smua.source.output = 1 smua.trigger.initiate() waitcomplete()
    """)
    values = [r[0] for r in table(ready, "smua.nvbuffer1.sourcevalues")]
    ratios = [b / a for a, b in pairwise(values)]
    assert ratios == pytest.approx([math.sqrt(10)] * 4)
