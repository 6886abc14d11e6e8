"""What the 2600B driver puts on the wire, and that no fault on it goes unnoticed."""

import numpy as np
import pytest
from bench_meter import BenchMeter, column, play
from faulty_wire import misspelt, renumbered, swap

from drivers.errors import CommandError, InstrumentError
from protocols.program import Instant, PulseProgram, PulseTrain, Segment

METER = BenchMeter("keithley-2600b")
uploaded, refused = METER.uploaded, METER.refused
PULSES = PulseProgram.compile(
    [PulseTrain(1e-3, 1e-3, 1e-3, 3, "up")], phases=("up",), limit=0.8, aperture=2e-4
)
STEPS = PulseProgram.compile(
    [Segment(0.1 * k, 0.1, "up", Instant.HOLD) for k in range(4)],
    phases=("up",), source="voltage", limit=20e-3, aperture=20e-3,
)  # fmt: skip
OFF = [
    "smua.source.leveli=0", "smua.source.levelv=0", "smua.source.offmode=2",
    "smua.source.output=2",
]  # fmt: skip
STATE = "print(smua.source.output,smua.source.offmode)"


def test_what_is_sent_from_the_connection_to_the_end():
    _, tap, _ = METER.rig()
    meter = METER.connect(tap)
    assert tap.sent == [
        "*IDN?", "print(localnode.linefreq)",
        "errorqueue.clear() format.asciiprecision=16 timer.reset() print(1)",
        "smua.source.offmode=2", "print(errorqueue.count)",
    ]  # fmt: skip
    tap.sent.clear()
    meter.load(PULSES)
    assert tap.sent == [
        "smua.source.output=0 smua.source.offmode=smua.OUTPUT_HIGH_Z",
        "smua.source.func=smua.OUTPUT_DCAMPS smua.sense=1",
        "smua.source.autorangei=smua.AUTORANGE_OFF",
        "smua.source.rangei=0.001 smua.source.leveli=0",
        "smua.source.limitv=0.8 smua.source.delay=0",
        "smua.measure.autozero=smua.AUTOZERO_ONCE smua.measure.delay=0",
        "smua.measure.autorangev=smua.AUTORANGE_OFF",
        "smua.measure.rangev=1 smua.measure.nplc=0.01",
        *(
            f"smua.nvbuffer{b}.clear() smua.nvbuffer{b}.collecttimestamps=1 "
            f"smua.nvbuffer{b}.fillmode=0 smua.nvbuffer{b}.fillcount=50000 "
            f"smua.nvbuffer{b}.timestampresolution=1e-06"
            for b in (1, 2)
        ),
        "format.data=format.REAL64 format.byteorder=format.LITTLEENDIAN",
        "fmes_levels={}",
        "for _,v in ipairs({0.001,0,0.001,0,0.001,0}) do table.insert(fmes_levels,v) end",
        "fmes_durations={}",
        "for _,v in ipairs({0.001}) do table.insert(fmes_durations,v) end",
        "fmes_delays={}",
        "for _,v in ipairs({0.00074}) do table.insert(fmes_delays,v) end",
        "trigger.timer[1].reset() trigger.timer[2].reset()",
        "trigger.timer[1].count=5 trigger.timer[1].delaylist=fmes_durations",
        "trigger.timer[1].passthrough=true",
        "trigger.timer[1].stimulus=smua.trigger.ARMED_EVENT_ID",
        "trigger.timer[2].count=1 trigger.timer[2].delaylist=fmes_delays",
        "trigger.timer[2].stimulus=trigger.timer[1].EVENT_ID",
        "smua.trigger.source.listi(fmes_levels)",
        "smua.trigger.source.limitv=smua.LIMIT_AUTO",
        "smua.trigger.source.action=smua.ENABLE",
        "smua.trigger.source.stimulus=trigger.timer[1].EVENT_ID",
        "smua.trigger.measure.iv(smua.nvbuffer1,smua.nvbuffer2)",
        "smua.trigger.measure.action=smua.ENABLE",
        "smua.trigger.measure.stimulus=trigger.timer[2].EVENT_ID",
        "smua.trigger.endpulse.action=smua.SOURCE_HOLD smua.trigger.endpulse.stimulus=0",
        "smua.trigger.endsweep.action=smua.SOURCE_IDLE",
        "smua.trigger.count=6 smua.trigger.arm.count=1 smua.trigger.arm.stimulus=0",
        "print(errorqueue.count)",
        "print(smua.source.func,smua.source.offmode,smua.source.rangei,smua.source.rangev,"
        "smua.source.limiti,smua.source.limitv,smua.measure.rangei,smua.measure.rangev,"
        "smua.measure.nplc,smua.measure.autozero,smua.sense,smua.trigger.count)",
    ]  # fmt: skip
    tap.sent.clear()
    meter.start()
    assert tap.sent == [
        "smua.source.output=smua.OUTPUT_ON smua.trigger.initiate() print(timer.measure.t())",
        "print(errorqueue.count)",
    ]
    tap.sent.clear()
    assert len(meter.drain()) == 6
    assert tap.sent == [
        "print(smua.nvbuffer2.next,status.operation.sweeping.condition,errorqueue.count,"
        "timer.measure.t(),status.operation.instrument.smua.trigger_overrun.condition,"
        "status.operation.instrument.trigger_timer.trigger_overrun.condition)",
        "printbuffer(1,6,smua.nvbuffer2.readings,smua.nvbuffer1.readings,"
        "smua.nvbuffer2.timestamps,smua.nvbuffer2.statuses)",
    ]
    tap.sent.clear()
    meter.stand_by()
    assert tap.sent == [*OFF, "print(errorqueue.count)"]
    tap.sent.clear()
    meter.read_back()
    assert tap.sent == [STATE]
    tap.sent.clear()
    meter.make_safe()
    assert tap.sent == ["smua.abort()", *OFF, STATE]


@pytest.mark.parametrize("command", sorted({*uploaded(PULSES), *uploaded(STEPS)}))
def test_a_misspelt_word_is_noticed_before_the_output_comes_on(command):
    played = PULSES if command in uploaded(PULSES) else STEPS
    for wrong in misspelt(command):
        refused(command, wrong, played)


@pytest.mark.parametrize(
    "setting",
    [
        "smua.source.rangei=0.001", "smua.source.limitv=0.8", "smua.measure.rangev=1",
        "smua.measure.nplc=0.01", "smua.trigger.count=6", "smua.sense=1",
    ],
)  # fmt: skip
def test_a_setting_that_arrives_otherwise_is_noticed(setting):
    (command,) = [c for c in uploaded(PULSES) if setting in c]
    for other in renumbered(setting):
        error = refused(command, command.replace(setting, other), PULSES)
        assert isinstance(error, CommandError)
        assert setting.split("=")[0].removeprefix("smua.") in str(error)


def readings(change):
    """Voltages and times of the pulses, with a fault on the wire."""
    _, tap, _ = METER.rig(change)
    readouts = play(METER.connect(tap), PULSES)
    return [column(readouts, name) for name in ("voltage", "time")]


def test_swapped_buffers_show_in_what_is_read():
    """The instrument cannot know; what comes back tells."""
    command = "smua.trigger.measure.iv(smua.nvbuffer1,smua.nvbuffer2)"
    wrong = "smua.trigger.measure.iv(smua.nvbuffer2,smua.nvbuffer1)"
    assert command in uploaded(PULSES)
    right, _ = readings(swap("", ""))
    found, _ = readings(swap(command, wrong))
    assert not np.allclose(right, found, rtol=0.1)


def test_swapped_timer_lists_are_overruns():
    command = "trigger.timer[1].count=5 trigger.timer[1].delaylist=fmes_durations"
    assert command in uploaded(PULSES)
    with pytest.raises(InstrumentError, match="overrun"):
        readings(swap(command, command.replace("durations", "delays")))
