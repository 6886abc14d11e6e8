"""What the 2450 driver puts on the wire, and that no fault on it goes unnoticed."""

import pytest
from bench_meter import BenchMeter, column, play
from faulty_wire import misspelt, renumbered, swap

from drivers.errors import CommandError, InstrumentError
from protocols.program import Instant, PulseProgram, PulseTrain, Segment

METER = BenchMeter("keithley-2450", verified_period="2 ms")
uploaded, refused = METER.uploaded, METER.refused
PULSES = PulseProgram.compile(
    [PulseTrain(1e-4, 1e-3, 1e-3, 6, "up")], phases=("up",), limit=0.8, aperture=2e-4
)
UNEVEN = PulseProgram.compile(
    [PulseTrain(1e-4, 1e-3, 3e-3, 6, "up")], phases=("up",), limit=0.8, aperture=2e-4
)
STEPS = PulseProgram.compile(
    [Segment(0.1 * k, 0.1, "up", Instant.HOLD) for k in range(4)],
    phases=("up",), source="voltage", limit=20e-3, aperture=20e-3, on_limit="flag",
)  # fmt: skip
CONNECTION = [
    "*IDN?", "*LANG?", "print(localnode.linefreq)",
    "eventlog.clear() format.asciiprecision=16 timer.cleartime()",
    "smu.source.setattribute(smu.FUNC_DC_CURRENT,smu.ATTR_SRC_OFFMODE,smu.OFFMODE_HIGHZ)",
    "smu.source.setattribute(smu.FUNC_DC_VOLTAGE,smu.ATTR_SRC_OFFMODE,smu.OFFMODE_HIGHZ)",
    "print(eventlog.getcount(eventlog.SEV_ERROR))",
]  # fmt: skip
OFF = [
    "trigger.model.abort()", "smu.source.level=0",
    "smu.source.offmode=smu.OFFMODE_HIGHZ smu.source.output=smu.OFF",
]  # fmt: skip
STATE = "print(smu.source.output==smu.ON,smu.source.offmode==smu.OFFMODE_HIGHZ)"
ERRORS = "print(eventlog.getcount(eventlog.SEV_ERROR))"


def test_what_is_sent_from_the_connection_to_the_end():
    _, tap, _ = METER.rig()
    meter = METER.connect(tap)
    assert tap.sent == CONNECTION
    tap.sent.clear()
    meter.load(PULSES)
    assert tap.sent == [
        "print(smu.source.configlist.catalog())",
        "print(smu.source.configlist.catalog())",
        "trigger.model.abort() smu.source.output=smu.OFF",
        "smu.source.func=smu.FUNC_DC_CURRENT",
        "smu.source.offmode=smu.OFFMODE_HIGHZ smu.measure.func=smu.FUNC_DC_VOLTAGE",
        "smu.measure.sense=smu.SENSE_4WIRE smu.measure.count=1",
        "smu.measure.filter.enable=smu.OFF smu.measure.rel.enable=smu.OFF",
        "smu.measure.math.enable=smu.OFF smu.source.highc=smu.OFF",
        "smu.source.level=0 smu.source.range=0.0001",
        "smu.source.delay=0 smu.source.readback=smu.OFF",
        "smu.measure.range=2",
        "smu.source.vlimit.level=0.8 smu.measure.nplc=0.01",
        "smu.measure.autozero.enable=smu.OFF smu.measure.autozero.once()",
        "fmes_buffer=buffer.make(12) fmes_buffer.fillmode=buffer.FILL_ONCE",
        "format.data=format.REAL64 format.byteorder=format.LITTLEENDIAN",
        'smu.source.configlist.create("fmes_levels")',
        "for _,v in ipairs({0.0001,0}) do smu.source.level=v "
        'smu.source.configlist.store("fmes_levels") end '
        'print(smu.source.configlist.size("fmes_levels"))',
        "smu.source.level=0",
        "function fmes_sum(t) local sum=0 for _,v in ipairs(t) do sum=sum+v end return sum end",
        "fmes_durations={}",
        "for _,v in ipairs({0.001}) do table.insert(fmes_durations,v) end",
        "fmes_delays={}",
        "for _,v in ipairs({0.00035}) do table.insert(fmes_delays,v) end",
        "trigger.timer[1].enable=trigger.OFF trigger.timer[1].reset()",
        "trigger.timer[2].enable=trigger.OFF trigger.timer[2].reset()",
        "trigger.timer[1].delaylist=fmes_durations trigger.timer[1].count=12",
        "trigger.timer[1].start.stimulus=trigger.EVENT_NOTIFY1",
        "trigger.timer[1].start.generate=trigger.ON trigger.timer[1].enable=trigger.ON",
        "trigger.timer[2].delaylist=fmes_delays trigger.timer[2].count=1",
        "trigger.timer[2].start.stimulus=trigger.EVENT_TIMER1",
        "trigger.timer[2].start.generate=trigger.OFF trigger.timer[2].enable=trigger.ON",
        'trigger.model.load("Empty")',
        "trigger.model.setblock(1,trigger.BLOCK_NOTIFY,trigger.EVENT_NOTIFY1)",
        "trigger.model.setblock(2,trigger.BLOCK_WAIT,trigger.EVENT_TIMER1)",
        'trigger.model.setblock(3,trigger.BLOCK_CONFIG_NEXT,"fmes_levels")',
        "trigger.model.setblock(4,trigger.BLOCK_WAIT,trigger.EVENT_TIMER2,trigger.CLEAR_ENTER)",
        "trigger.model.setblock(5,trigger.BLOCK_MEASURE_DIGITIZE,assert(fmes_buffer),1)",
        "trigger.model.setblock(6,trigger.BLOCK_BRANCH_COUNTER,12,2)",
        "trigger.model.setblock(7,trigger.BLOCK_WAIT,trigger.EVENT_TIMER1)",
        "trigger.model.setblock(8,trigger.BLOCK_SOURCE_OUTPUT,smu.OFF)",
        "status.operation.setmap(0,2731,2732)",
        ERRORS,
        "print(smu.source.func==smu.FUNC_DC_CURRENT,smu.source.offmode==smu.OFFMODE_HIGHZ,"
        "smu.source.range,smu.source.level,smu.source.delay,smu.source.readback==smu.OFF,"
        "smu.source.vlimit.level,smu.measure.func==smu.FUNC_DC_VOLTAGE,smu.measure.range,"
        "smu.measure.nplc,smu.measure.count,smu.measure.sense==smu.SENSE_4WIRE,"
        'smu.source.configlist.size("fmes_levels"),fmes_buffer.capacity,'
        "table.getn(trigger.timer[1].delaylist),table.getn(trigger.timer[2].delaylist),"
        "fmes_sum(trigger.timer[1].delaylist),fmes_sum(trigger.timer[2].delaylist),"
        "trigger.timer[1].count,trigger.timer[2].count,status.operation.getmap(0))",
        RECORDED,
    ]  # fmt: skip
    tap.sent.clear()
    meter.start()
    assert tap.sent == [
        "smu.source.output=smu.ON trigger.model.initiate() print(timer.gettime())", ERRORS,
    ]  # fmt: skip
    tap.sent.clear()
    assert len(meter.drain()) == 12
    assert tap.sent == [
        "print(fmes_buffer.n,status.operation.condition,eventlog.getcount(eventlog.SEV_ERROR),"
        "timer.gettime(),trigger.timer[2].start.overrun,smu.source.output==smu.ON,"
        "trigger.model.state())",
        "printbuffer(1,12,fmes_buffer.readings,fmes_buffer.sourcevalues,"
        "fmes_buffer.relativetimestamps,fmes_buffer.sourcestatuses)",
    ]
    tap.sent.clear()
    meter.stand_by()
    assert tap.sent == [*OFF, ERRORS]
    tap.sent.clear()
    meter.read_back()
    assert tap.sent == [STATE]
    tap.sent.clear()
    meter.make_safe()
    assert tap.sent == [*OFF, STATE]
    tap.sent.clear()
    meter.load(STEPS)
    assert tap.sent[:7] == [
        *["print(smu.source.configlist.catalog())"] * 4,
        'smu.source.configlist.delete("fmes_levels")',
        "trigger.model.abort() smu.source.output=smu.OFF", "smu.source.func=smu.FUNC_DC_VOLTAGE",
    ]  # fmt: skip
    for command in (
        "smu.source.level=0 smu.source.range=2",
        "smu.source.delay=0 smu.source.readback=smu.ON",
        "smu.measure.range=0.1",
        "smu.source.ilimit.level=0.02 smu.measure.nplc=1",
    ):
        assert command in tap.sent


RECORDED = "print(smu.terminals==smu.TERMINALS_FRONT,smu.terminals==smu.TERMINALS_REAR)"
"""Goes into the file only: nothing that is played depends on it."""


@pytest.mark.parametrize("command", sorted({*uploaded(PULSES), *uploaded(STEPS)} - {RECORDED}))
def test_a_misspelt_word_is_noticed_before_the_output_comes_on(command):
    played = PULSES if command in uploaded(PULSES) else STEPS
    for wrong in misspelt(command):
        refused(command, wrong, played)


# Timer 4 does nothing: what went there was the timer's default already.
HARMLESS = {
    "trigger.timer[4].enable=trigger.OFF trigger.timer[2].reset()",
    "trigger.timer[2].enable=trigger.OFF trigger.timer[4].reset()",
    "trigger.timer[2].delaylist=fmes_delays trigger.timer[4].count=1",
    "trigger.timer[4].start.generate=trigger.OFF trigger.timer[2].enable=trigger.ON",
}


@pytest.mark.parametrize("command", [c for c in uploaded(UNEVEN) if not c.startswith("print")])
def test_a_number_that_arrives_otherwise_is_noticed(command):
    for wrong in renumbered(command):
        if wrong in HARMLESS:
            played(command, wrong, UNEVEN)
            continue
        with pytest.raises(InstrumentError):
            played(command, wrong, UNEVEN)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("OFFMODE_HIGHZ", "OFFMODE_NORMAL"), ("SENSE_4WIRE", "SENSE_2WIRE"),
        ("FUNC_DC_CURRENT", "FUNC_DC_VOLTAGE"), ("FUNC_DC_VOLTAGE", "FUNC_DC_CURRENT"),
        ("readback=smu.OFF", "readback=smu.ON"),
    ],
)  # fmt: skip
def test_another_constant_of_a_setting_is_noticed_before_the_output_comes_on(name, other):
    commands = [c for c in uploaded(PULSES) if name in c and c not in CONNECTION and "=" in c]
    command = next(c for c in commands if not c.startswith("print"))
    bench, tap, _ = METER.rig(swap(command, command.replace(name, other)))
    meter = METER.connect(tap)
    with pytest.raises(CommandError):
        meter.load(PULSES)
    assert not any("output on" in e.what for e in bench.journal)


def played(command, wrong, program=PULSES):
    """Play with a fault on the wire that the instrument cannot know of."""
    assert command in uploaded(program)
    _, tap, _ = METER.rig(swap(command, wrong))
    return play(METER.connect(tap), program)


@pytest.mark.parametrize(
    ("command", "old", "new", "message"),
    [
        ("for _,v in ipairs({0.0001,0}) do smu.source.level=v "
         'smu.source.configlist.store("fmes_levels") end '
        'print(smu.source.configlist.size("fmes_levels"))', "{0.0001,0}", "{0,0.0001}",
         r"played 0 instead of 0.0001 at reading 1 of 12"),
        ("trigger.model.setblock(6,trigger.BLOCK_BRANCH_COUNTER,12,2)", "12,2", "2,12",
         r"stopped after 0 of 12 readings|FAILED|stopped after 1 of 12"),
        ("trigger.timer[1].delaylist=fmes_durations trigger.timer[1].count=12", "durations",
         "delays", r"delaylist\) is .* instead of 0\.001"),
        ("trigger.model.setblock(2,trigger.BLOCK_WAIT,trigger.EVENT_TIMER1)", "TIMER1", "TIMER2",
         r"overrun|stopped after"),
        ("trigger.model.setblock(3,trigger.BLOCK_CONFIG_NEXT,\"fmes_levels\")", "NEXT", "RECALL",
         r"played 0.0001 instead of 0 at reading 2 of 12"),
        ("trigger.timer[1].start.stimulus=trigger.EVENT_NOTIFY1", "NOTIFY1", "NOTIFY2",
         r"stopped|overrun"),
    ],
)  # fmt: skip
def test_swapped_arguments_are_found_in_what_is_read(command, old, new, message):
    with pytest.raises(InstrumentError, match=message):
        played(command, command.replace(old, new))


def test_levels_that_are_played_as_asked_pass():
    readouts = played("smu.measure.range=2", "smu.measure.range=2")
    assert column(readouts, "current") == pytest.approx(PULSES.level)
