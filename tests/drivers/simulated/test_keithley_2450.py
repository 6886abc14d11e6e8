"""The emulated 2450 and 2460 do what the vendor's command reference and examples say.

Dialogues and their results are those of the reference's examples unless a test says otherwise.
"""

import struct
from itertools import pairwise

import pytest

from drivers.simulated.keithley_2450 import Emulated2450

SOURCE_CURRENT = (
    "smu.source.func=smu.FUNC_DC_CURRENT smu.measure.func=smu.FUNC_DC_VOLTAGE "
    "smu.source.readback=smu.OFF smu.source.delay=0 smu.source.range=1e-3 "
    "smu.measure.range=2 smu.source.vlimit.level=1 smu.measure.nplc=0.01"
)


@pytest.fixture
def make(talk):
    def made(model="2450", linefreq=50.0):
        return talk(Emulated2450, "", 1000.0, model, linefreq=linefreq)

    return made


@pytest.fixture
def console(make):
    return make()


def changes(console):
    """(time in s, level) of every change of the source level."""
    return [(t, float(w.split()[1])) for t, w in console.journal() if w.startswith("level ")]


def switched(console):
    """(time in s, whether on) of every time that the output was switched."""
    outputs = [(t, w) for t, w in console.journal() if w.startswith("output ")]
    return [(t, w.startswith("output on")) for t, w in outputs]


def test_identity_and_language(console):
    assert console.ask("*IDN?").split(",")[:2] == ["KEITHLEY INSTRUMENTS", "MODEL 2450"]
    assert console.ask("*LANG?") == "TSP"
    console.send("*LANG SCPI")
    assert console.ask("*LANG?") == "TSP"  # until it is switched off and on
    console.instrument.restart()
    assert console.ask("*LANG?") == "SCPI"
    console.send("smu.source.level = 1")
    assert console.lines() == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("smu.source.levle = 1", -286),
        ("smu.source.leveli = 1", -286),
        ("smu.ON = 1", -286),
        ("defbuffer1.n = 3", -286),
        ("trigger.timer[5].delay = 1", -286),
        ("smu.source.level = 'much'", -104),
        ("smu.source.func = smu.ON", -224),
        ("smu.source.output = smu.FUNC_DC_VOLTAGE", -224),
        ("smu.measure.sense = 2", -224),
        ("smu.source.level = 211", 1101),
        ("smu.measure.nplc = 0.009", 1102),
        ("smu.measure.nplc = 11", 1101),
        ("smu.measure.range = 1.2", 1101),
        ("trigger.timer[1].delay = 7e-6", 1102),
        ("trigger.timer[1].delaylist = {10e-6, 20e-6}", 1102),
        ("trigger.timer[1].count = 1048576", 1101),
        ("trigger.timer[1].start.stimulus = trigger.ON", -224),
        ("buffer.make(9)", 1102),
        ("trigger.model.setblock(1, trigger.BLOCK_WAIT)", -109),
        ("trigger.model.setblock(1, trigger.BLOCK_NOSUCH)", -224),
        ("trigger.model.setblock(1, trigger.BLOCK_WAIT, trigger.EVENT_NONE)", -224),
        ("trigger.model.setblock(1, trigger.BLOCK_DELAY_CONSTANT, 1e-7)", 1102),
        ('trigger.model.setblock(1, trigger.BLOCK_CONFIG_NEXT, "none")', 2790),
        ("trigger.model.initiate()", -221),
        ("smu.source.vlimit.level = 1", -221),
        ('smu.source.configlist.store("none")', 2790),
        ('trigger.model.load("GradeBinning")', -221),
        ("x = = 1", -285),
    ],
)
def test_refused_with_a_code(console, command, code):
    console.send(command)
    ((found, text),) = console.errors()
    assert found == code
    assert text


def test_a_range_is_the_lowest_that_holds_the_value(console, make):
    console.send("smu.source.range = 3")
    assert console.number("smu.source.range") == 20
    assert console.ask("print(smu.source.autorange == smu.OFF)") == "true"
    console.send("smu.source.func = smu.FUNC_DC_CURRENT smu.source.range = 9e-3")
    assert console.number("smu.source.range") == 10e-3
    larger = make("2460")
    larger.send("smu.source.func = smu.FUNC_DC_CURRENT smu.source.range = 6")
    assert larger.number("smu.source.range") == 7
    assert larger.errors() == []


def test_a_fixed_range_refuses_levels_beyond_it(console):
    console.send("smu.source.range = 2 smu.source.level = 2.2")
    assert [code for code, _ in console.errors()] == [-221]
    assert console.number("smu.source.level") == 0
    console.send("smu.source.level = 2.1")  # 105 %, as the data sheet says
    assert console.errors() == []


def test_attributes_belong_to_their_function(console):
    console.send("smu.measure.func = smu.FUNC_DC_VOLTAGE smu.measure.nplc = 5")
    console.send("smu.measure.func = smu.FUNC_RESISTANCE smu.measure.nplc = 2")
    console.send("smu.measure.func = smu.FUNC_DC_VOLTAGE")
    assert console.number("smu.measure.nplc") == 5


def test_attributes_of_a_function_that_is_not_selected(console):
    console.send("smu.source.setattribute(smu.FUNC_DC_CURRENT, smu.ATTR_SRC_RANGE, 0.007)")
    console.send("smu.measure.setattribute(smu.FUNC_DC_VOLTAGE, smu.ATTR_MEAS_NPLC, 0.05)")
    assert console.number("smu.measure.nplc") == 1
    console.send(
        "smu.source.func = smu.FUNC_DC_CURRENT smu.measure.func = smu.FUNC_DC_VOLTAGE "
        "print(smu.source.range, smu.measure.nplc) "
        "print(smu.measure.getattribute(smu.FUNC_DC_CURRENT, smu.ATTR_MEAS_NPLC))"
    )
    assert console.lines() == ["0.01\t0.05", "1"]
    console.send("smu.source.setattribute(smu.FUNC_DC_CURRENT, smu.ATTR_MEAS_NPLC, 1)")
    assert [code for code, _ in console.errors()] == [-224]


def test_the_off_state_is_the_source_functions_own(console):
    # 2450 reference manual, "Setting the output-off state".
    stage = console.bench.stage("")
    console.send("smu.source.offmode = smu.OFFMODE_HIGHZ")
    assert stage.mode == "high_z"
    console.send("smu.source.func = smu.FUNC_DC_CURRENT")
    assert stage.mode == "zero"
    assert console.ask("print(smu.source.offmode)") == "smu.OFFMODE_NORMAL"
    console.send("smu.source.func = smu.FUNC_DC_VOLTAGE")
    assert stage.mode == "high_z"
    console.send(
        "smu.source.setattribute(smu.FUNC_DC_CURRENT, smu.ATTR_SRC_OFFMODE, smu.OFFMODE_HIGHZ)"
    )
    console.send("smu.source.func = smu.FUNC_DC_CURRENT")
    assert stage.mode == "high_z"
    console.send("reset()")
    assert stage.mode == "zero"  # a reset discharges the device


def test_setting_a_delay_turns_the_automatic_one_off(console):
    assert console.ask("print(smu.source.autodelay == smu.ON)") == "true"
    console.send("smu.source.delay = 3")
    assert console.ask("print(smu.source.autodelay == smu.ON)") == "false"


def test_a_limit_is_at_least_a_tenth_of_a_fixed_measuring_range(console):
    console.send("smu.measure.func = smu.FUNC_DC_CURRENT smu.measure.range = 1e-3")
    console.send("smu.source.ilimit.level = 105e-6")
    assert [code for code, _ in console.errors()] == [-221]
    console.send("smu.source.ilimit.level = 106e-6")
    assert console.errors() == []
    console.send("smu.measure.range = 10e-3")
    assert console.number("smu.source.ilimit.level") == pytest.approx(1.06e-3)
    # The default limit of 105 uA was too low for 1 mA already.
    assert console.number("eventlog.getcount(eventlog.SEV_WARN)") == 2
    console.send("smu.measure.autorange = smu.ON smu.source.ilimit.level = 1e-6")
    assert console.errors() == []


def test_limits_are_tripped_for_the_present_source_function_only(console):
    console.send(f"{SOURCE_CURRENT} smu.source.level = 1e-3 smu.source.output = smu.ON delay(1)")
    console.send("smu.source.vlimit.level = 0.22")
    assert console.ask("print(smu.source.vlimit.tripped)") == "smu.ON"
    assert console.ask("print(smu.source.ilimit.tripped)") == "nil"


def test_beyond_the_range_the_reading_is_an_overflow(console):
    console.send(f"{SOURCE_CURRENT} smu.source.level = 1e-3 smu.source.output = smu.ON")
    console.send("smu.measure.range = 0.2 delay(2)")
    assert float(console.ask("print(smu.measure.read())")) == pytest.approx(9.9e37)


def test_readings_carry_level_time_and_source_status(console):
    console.send("testData = buffer.make(10)")
    console.send(f"{SOURCE_CURRENT} smu.measure.sense = smu.SENSE_4WIRE smu.measure.count = 3")
    console.send("smu.source.level = 1e-4 smu.source.output = smu.ON smu.measure.read(testData)")
    names = ("sourcevalues", "relativetimestamps", "sourcestatuses")
    flat = console.ask(f"printbuffer(1, 3, {','.join(f'testData.{n}' for n in names)})")
    rows = [float(v) for v in flat.split(", ")]
    assert rows[0::3] == [1e-4] * 3
    assert rows[1] == 0
    assert [b - a for a, b in pairwise(rows[1::3])] == pytest.approx([200e-6 + 333e-6] * 2)
    assert rows[2::3] == [64 + 128] * 3  # four-wire, output on
    console.send("smu.source.readback = smu.ON smu.measure.count = 1 smu.measure.read(testData)")
    assert console.number("testData.sourcestatuses[4]") == 8 + 64 + 128
    assert console.number("testData.sourcevalues[4]") == pytest.approx(1e-4, rel=1e-6)


def test_buffers_count_fill_and_are_resized(console):
    assert console.ask("print(defbuffer1.fillmode)") == "1"
    console.send("testData = buffer.make(500) capTest = buffer.make(300)")
    assert console.ask("print(capTest.capacity, testData.fillmode)") == "300\t0"
    console.send("testData.capacity = 600")
    assert console.number("testData.capacity") == 600
    console.send("test1 = buffer.make(100) smu.measure.nplc = 0.01 smu.measure.count = 6")
    console.send("smu.measure.read(test1)")
    assert console.ask("print(test1.startindex, test1.endindex, test1.capacity)") == "1\t6\t100"
    console.send("smu.measure.read(test1)")
    assert console.ask("print(test1.startindex, test1.endindex)") == "1\t12"
    console.send("small = buffer.make(10) smu.measure.count = 14 smu.measure.read(small)")
    assert console.number("small.n") == 10
    console.send("small.fillmode = buffer.FILL_CONTINUOUS")
    assert console.number("small.n") == 0  # changing the fill mode clears the buffer
    console.send("smu.measure.read(small)")
    assert console.ask("print(small.n, small.startindex, small.endindex)") == "10\t5\t4"


def test_binary_blocks_are_of_indefinite_length(console):
    console.send("format.data = format.REAL64 printnumber(3.14159265)")
    block = console.read()
    assert block[:2] == b"#0"
    assert block[-1:] == b"\n"
    assert struct.unpack("<d", block[2:-1]) == (3.14159265,)
    console.send("format.byteorder = format.BIGENDIAN printnumber(3.14159265)")
    assert struct.unpack(">d", console.read()[2:-1]) == (3.14159265,)


def test_full_and_empty_buffers_move_mapped_status_bits(console):
    console.send("status.operation.setmap(0, 4918, 4917)")
    console.send("defbuffer1.clear() defbuffer1.fillmode = buffer.FILL_ONCE")
    console.send("defbuffer1.capacity = 10 smu.measure.count = 10 smu.measure.read()")
    assert console.number("status.operation.event") == 1
    assert console.ask("print(status.operation.getmap(0))") == "4918\t4917"


def test_the_event_log_gives_type_node_and_time(console):
    console.send("x = 1 = 2")
    words = console.ask("print(eventlog.next(5))").split("\t")
    assert words[0] == "-285"
    assert words[1].startswith("TSP Syntax error at line 1")
    assert words[2:4] == ["1", "0"]
    console.send('eventlog.clear() eventlog.post("Results", eventlog.SEV_ERROR)')
    assert console.ask("print(eventlog.next())").split("\t")[:2] == ["1005", "User: Results"]
    assert console.number("eventlog.getcount()") == 0


def test_configuration_lists(console):
    console.send('smu.source.configlist.create("MyScrList")')
    assert console.ask("print(smu.source.configlist.catalog())") == "MyScrList"
    assert console.ask("print(smu.source.configlist.catalog())") == "nil"
    console.send('smu.source.configlist.store("MyScrList") smu.source.level = 1.5')
    console.send('smu.source.configlist.store("MyScrList")')
    assert console.number('smu.source.configlist.size("MyScrList")') == 2
    console.send('smu.source.configlist.recall("MyScrList")')
    assert console.number("smu.source.level") == 0
    console.send('smu.source.configlist.recall("MyScrList", 2)')
    assert console.number("smu.source.level") == 1.5
    console.send('smu.source.configlist.recall("MyScrList", 3)')
    assert [code for code, _ in console.errors()] == [2790]
    console.send('smu.measure.configlist.create("MyScrList")')  # names are unique
    assert [code for code, _ in console.errors()] == [-224]
    console.send('smu.source.configlist.delete("MyScrList", 1)')
    assert console.number('smu.source.configlist.size("MyScrList")') == 1


def test_the_count_of_a_reading_block_can_come_from_a_configuration_list(console):
    console.run("""
        reset()
        smu.measure.configlist.create("countactive")
        smu.measure.nplc = 0.01
        smu.measure.configlist.store("countactive")
        smu.measure.count = 5
        trigger.model.setblock(1, trigger.BLOCK_CONFIG_NEXT, "countactive")
        trigger.model.setblock(2, trigger.BLOCK_MEASURE_DIGITIZE, defbuffer1, trigger.COUNT_AUTO)
        trigger.model.setblock(3, trigger.BLOCK_DELAY_CONSTANT, 1)
        trigger.model.setblock(4, trigger.BLOCK_BRANCH_COUNTER, 3, 1)
        trigger.model.initiate()
        waitcomplete()
        print(defbuffer1.n)
    """)
    assert console.lines() == ["15"]


def test_blocks_repeat_as_often_as_their_counter_says(console):
    console.run("""
        trigger.model.setblock(1, trigger.BLOCK_BUFFER_CLEAR)
        trigger.model.setblock(2, trigger.BLOCK_MEASURE_DIGITIZE)
        trigger.model.setblock(3, trigger.BLOCK_DELAY_CONSTANT, 0.1)
        trigger.model.setblock(4, trigger.BLOCK_BRANCH_COUNTER, 10, 2)
        trigger.model.initiate()
        delay(1)
        print(trigger.model.getbranchcount(4) < 10)
        waitcomplete()
        print(defbuffer1.n)
        trigger.model.load("Empty")
        print(trigger.model.getblocklist())
    """)
    assert console.lines() == ["true", "10", "EMPTY"]


def test_a_notify_block_starts_a_timer_that_paces_the_readings(console):
    console.run("""
        trigger.timer[4].reset()
        trigger.timer[4].delay = 0.5
        trigger.timer[4].start.stimulus = trigger.EVENT_NOTIFY8
        trigger.timer[4].start.generate = trigger.OFF
        trigger.timer[4].count = 20
        trigger.timer[4].enable = trigger.ON
        trigger.model.load("Empty")
        trigger.model.setblock(1, trigger.BLOCK_BUFFER_CLEAR, defbuffer1)
        trigger.model.setblock(2, trigger.BLOCK_NOTIFY, trigger.EVENT_NOTIFY8)
        trigger.model.setblock(3, trigger.BLOCK_WAIT, trigger.EVENT_TIMER4)
        trigger.model.setblock(4, trigger.BLOCK_MEASURE_DIGITIZE, defbuffer1)
        trigger.model.setblock(5, trigger.BLOCK_BRANCH_COUNTER, 20, 3)
        trigger.model.initiate()
        waitcomplete()
        print(defbuffer1.n)
        printbuffer(1, 20, defbuffer1.relativetimestamps)
    """)
    count, stamps = console.lines()
    assert count == "20"
    times = [float(v) for v in stamps.split(", ")]
    assert [b - a for a, b in pairwise(times)] == pytest.approx([0.5] * 19)


def test_delay_lists_are_read_back_and_start_over(console):
    assert console.number("trigger.timer[3].delay") == 10e-6
    console.send("trigger.timer[3].delaylist = {50e-6, 100e-6, 150e-6}")
    console.send("for x = 1, 3 do print(trigger.timer[3].delaylist[x]) end")
    assert console.lines() == ["5e-05", "0.0001", "0.00015"]


def test_a_timer_without_a_stimulus_starts_when_it_is_enabled(console):
    console.send("trigger.timer[1].delay = 0.2 trigger.timer[1].enable = trigger.ON")
    console.send("t = timer.gettime() print(trigger.timer[1].wait(1)) print(timer.gettime() - t)")
    came, waited = console.lines()
    assert came == "true"
    assert float(waited) == pytest.approx(0.2, abs=1e-3)
    assert console.ask("print(trigger.timer[1].wait(0.1))") == "false"


def test_a_timer_that_is_started_while_it_runs_notes_the_overrun(console):
    console.send("trigger.timer[1].delay = 0.1 trigger.timer[1].count = 3")
    console.send("trigger.timer[2].delay = 0.15")
    console.send("trigger.timer[2].start.stimulus = trigger.EVENT_TIMER1")
    console.send("trigger.timer[2].enable = trigger.ON trigger.timer[1].enable = trigger.ON")
    console.send("delay(1)")
    assert console.ask("print(trigger.timer[2].start.overrun)") == "true"
    console.send("trigger.timer[2].clear()")
    assert console.ask("print(trigger.timer[2].start.overrun)") == "false"


def pulses(console, period, width, points, aperture_delay):
    """A train as the vendor's pulse example programs it, in our words."""
    console.run(f"""
        {SOURCE_CURRENT}
        smu.source.configlist.create("train")
        for _, level in ipairs({{5e-4, 0}}) do
            smu.source.level = level
            smu.source.configlist.store("train")
        end
        trigger.timer[1].start.generate = trigger.ON
        trigger.timer[1].delay = {period}
        trigger.timer[1].count = {points} - 1
        trigger.timer[2].start.stimulus = trigger.EVENT_TIMER1
        trigger.timer[2].delay = {width}
        trigger.timer[2].enable = trigger.ON
        trigger.model.setblock(1, trigger.BLOCK_SOURCE_OUTPUT, smu.ON)
        trigger.model.setblock(2, trigger.BLOCK_WAIT, trigger.EVENT_TIMER1)
        trigger.model.setblock(3, trigger.BLOCK_CONFIG_RECALL, "train")
        trigger.model.setblock(4, trigger.BLOCK_DELAY_CONSTANT, {aperture_delay})
        trigger.model.setblock(5, trigger.BLOCK_MEASURE_DIGITIZE)
        trigger.model.setblock(6, trigger.BLOCK_WAIT, trigger.EVENT_TIMER2)
        trigger.model.setblock(7, trigger.BLOCK_CONFIG_NEXT, "train")
        trigger.model.setblock(8, trigger.BLOCK_BRANCH_COUNTER, {points}, 2)
        trigger.model.setblock(9, trigger.BLOCK_SOURCE_OUTPUT, smu.OFF)
        trigger.model.initiate()
        delay(0.001)
        trigger.timer[1].enable = trigger.ON
        waitcomplete()
    """)
    assert console.errors() == []


@pytest.mark.parametrize("model", ["2450", "2460"])
def test_pulses_of_1_ms_every_4_ms_are_played_as_the_vendors_example_plays_them(make, model):
    # PulseITrain.tsp: the reading begins W - NPLC/f - 450 us after the level is recalled.
    console = make(model)
    pulses(console, 4e-3, 1e-3, 10, 1e-3 - 0.01 / 50 - 450e-6)
    on = [t for t, level in changes(console) if level > 0]
    off = [t for t, level in changes(console) if level == 0]
    assert len(on) == len(off) == 10
    assert [b - a for a, b in pairwise(on)] == pytest.approx([4e-3] * 9, abs=2e-6)
    assert [b - a for a, b in zip(on, off, strict=True)] == pytest.approx([1e-3] * 10, abs=30e-6)
    assert console.number("defbuffer1.n") == 10
    assert not switched(console)[-1][1]


def test_a_reading_that_does_not_fit_lengthens_its_pulse(console):
    pulses(console, 4e-3, 1e-3, 10, 1e-3)
    on = [t for t, level in changes(console) if level > 0]
    off = [t for t, level in changes(console) if level == 0]
    assert min(b - a for a, b in zip(on, off, strict=True)) > 1.5e-3


@pytest.mark.parametrize(
    ("sourced", "measured", "reading", "expected"),
    [
        ("CURRENT", "VOLTAGE", True, 750e-6),
        ("CURRENT", "VOLTAGE", False, 250e-6),
        ("VOLTAGE", "CURRENT", True, 1.6e-3),
        ("VOLTAGE", "CURRENT", False, 1.2e-3),
    ],
)
def test_the_shortest_pulses_last_as_the_vendors_examples_say(
    make, sourced, measured, reading, expected
):
    # SimplePulse_SIMV.tsp and SimplePulse_SVMI.tsp, at 60 Hz.
    console = make(linefreq=60.0)
    block = "BLOCK_MEASURE_DIGITIZE, defbuffer1, 1" if reading else "BLOCK_NOP"
    console.run(f"""
        smu.source.func = smu.FUNC_DC_{sourced} smu.measure.func = smu.FUNC_DC_{measured}
        smu.source.readback = smu.OFF smu.source.delay = 0 smu.source.range = 1
        smu.measure.nplc = 0.01
        trigger.model.setblock(1, trigger.BLOCK_SOURCE_OUTPUT, smu.ON)
        trigger.model.setblock(2, trigger.{block})
        trigger.model.setblock(3, trigger.BLOCK_SOURCE_OUTPUT, smu.OFF)
        trigger.model.initiate() waitcomplete()
    """)
    (on, _), (off, _) = switched(console)[-2:]
    assert off - on == pytest.approx(expected, abs=20e-6)


def test_a_wait_takes_an_event_that_came_before_unless_it_clears(console):
    def waited(clear):
        console.run(f"""
            trigger.timer[1].reset()
            trigger.timer[1].delay = 0.1 trigger.timer[1].count = 0
            trigger.model.load("Empty")
            trigger.model.setblock(1, trigger.BLOCK_DELAY_CONSTANT, 0.15)
            trigger.model.setblock(2, trigger.BLOCK_WAIT, trigger.EVENT_TIMER1{clear})
            trigger.model.setblock(3, trigger.BLOCK_NOP)
            trigger.timer[1].enable = trigger.ON
            t = timer.gettime() trigger.model.initiate() waitcomplete()
            print(timer.gettime() - t)
            trigger.timer[1].enable = trigger.OFF
        """)
        return float(console.lines()[0])

    assert waited("") == pytest.approx(0.15, abs=1e-3)
    assert waited(", trigger.CLEAR_ENTER") == pytest.approx(0.2, abs=1e-3)


def test_the_state_lags_and_mapped_events_do_not(console):
    console.send("status.operation.setmap(0, 2731, 2732)")
    assert console.ask("print(trigger.model.state())").split("\t")[0] == "trigger.STATE_EMPTY"
    console.send("trigger.model.setblock(1, trigger.BLOCK_DELAY_CONSTANT, 0.15)")
    assert console.ask("print(trigger.model.state())").split("\t")[0] == "trigger.STATE_BUILDING"
    console.send(
        "trigger.model.initiate() delay(0.05) print(status.operation.condition) "
        "delay(0.12) print(status.operation.condition, trigger.model.state()) "
        "delay(0.1) print(trigger.model.state())"
    )
    running, ended, later = console.lines()
    assert float(running) == 1
    # 170 ms after the start it has ended; what is told is how it was at 100 ms.
    assert ended.split("\t") == ["0", "trigger.STATE_RUNNING", "trigger.STATE_EMPTY", "1"]
    assert later.split("\t")[0] == "trigger.STATE_IDLE"


def test_an_abort_leaves_the_source_on_and_is_an_event_of_its_own(console):
    console.send(f"{SOURCE_CURRENT} smu.source.level = 1e-4")
    console.send("status.operation.setmap(0, 2731, 2732) status.operation.setmap(1, 2728)")
    console.send("trigger.model.setblock(1, trigger.BLOCK_SOURCE_OUTPUT, smu.ON)")
    console.send("trigger.model.setblock(2, trigger.BLOCK_WAIT, trigger.EVENT_DISPLAY)")
    console.send("trigger.model.setblock(3, trigger.BLOCK_SOURCE_OUTPUT, smu.OFF)")
    console.send("trigger.model.initiate() delay(0.3) print(trigger.model.state())")
    assert console.lines()[0].split("\t")[::2] == ["trigger.STATE_WAITING", "2"]
    console.send("trigger.model.abort()")
    assert console.ask("print(smu.source.output == smu.ON)") == "true"
    assert console.number("status.operation.condition") == 3
    console.send("trigger.model.initiate() delay(0.1)")
    console.instrument.press_trigger()
    assert console.ask("waitcomplete() print(smu.source.output == smu.OFF)") == "true"


def test_a_block_that_cannot_be_executed_fails_the_trigger_model(console):
    console.send('smu.source.configlist.create("empty")')
    console.send('trigger.model.setblock(1, trigger.BLOCK_CONFIG_RECALL, "empty", 1)')
    console.send("trigger.model.initiate() delay(0.2)")
    assert [code for code, _ in console.errors()] == [2790, 2730]
    assert console.ask("print(trigger.model.state())").split("\t")[0] == "trigger.STATE_FAILED"


def test_templates_and_buffers(console):
    console.run("""
        testData = buffer.make(100)
        trigger.model.load("SimpleLoop", 3, 0, testData)
        trigger.model.initiate() waitcomplete()
        print(testData.n, defbuffer1.n, defbuffer2.n)
        smu.measure.nplc = 0.01
        trigger.model.load("DurationLoop", 10, 0.01, defbuffer1)
        trigger.model.initiate() waitcomplete()
        print(defbuffer1.relativetimestamps[defbuffer1.n])
    """)
    counts, last = console.lines()
    assert counts == "3\t0\t0"
    assert float(last) == pytest.approx(10, abs=0.03)


@pytest.mark.parametrize(
    ("call", "levels"),
    [
        ('sweeplinear("s", 0, 0.1, 3, 1e-3, 1, smu.RANGE_FIXED)', [0, 0.05, 0.1]),
        ('sweeplinear("s", 0, 0.1, 3, 1e-3, 1, smu.RANGE_BEST, smu.ON, smu.ON)',
         [0, 0.05, 0.1, 0.1, 0.05, 0]),
        ('sweeplinear("s", 0, 0.1, 2, 0, 2)', [0, 0.1, 0, 0.1]),
        ('sweeplinearstep("s", 0, 0.1, 0.05)', [0, 0.05, 0.1]),
        ('sweeplog("s", 0.01, 0.1, 3, 1e-3, 1, smu.RANGE_FIXED)', [0.01, 0.01 * 10**0.5, 0.1]),
    ],
)  # fmt: skip
def test_sweeps(console, call, levels):
    console.send("smu.source.range = 2 smu.source.ilimit.level = 10e-3 smu.measure.nplc = 0.1")
    console.send("smu.source.readback = smu.OFF")
    console.send(f"smu.source.{call} trigger.model.initiate() waitcomplete()")
    assert console.errors() == []
    found = console.ask("printbuffer(1, defbuffer1.n, defbuffer1.sourcevalues)").split(", ")
    assert [float(v) for v in found] == pytest.approx(levels)
    assert not switched(console)[-1][1]


def test_a_sweep_ends_where_the_limit_acts_unless_told_otherwise(console):
    console.send(f"{SOURCE_CURRENT} smu.source.range = 10e-3 smu.measure.nplc = 0.1")
    console.send('smu.source.sweeplinear("s", 0, 10e-3, 11, 0.5)')
    console.send("trigger.model.initiate() waitcomplete()")
    assert 1 < console.number("defbuffer1.n") < 11
    console.send('smu.source.sweeplinear("s", 0, 10e-3, 11, 0.5, 1, smu.RANGE_BEST, smu.OFF)')
    console.send("trigger.model.initiate() waitcomplete()")
    assert console.number("defbuffer1.n") == 11


def test_a_list_sweep_takes_its_levels_from_a_configuration_list(console):
    levels = [1e-3, 1e-5, 7e-4]
    console.send('smu.source.configlist.create("CurrListSweep")')
    console.send(SOURCE_CURRENT)
    for level in levels:
        console.send(f'smu.source.level = {level} smu.source.configlist.store("CurrListSweep")')
    console.send('smu.source.sweeplist("CurrListSweep", 1, 0.001)')
    console.send("trigger.model.initiate() waitcomplete()")
    found = console.ask("printbuffer(1, defbuffer1.n, defbuffer1.sourcevalues)").split(", ")
    assert [float(v) for v in found] == pytest.approx(levels)


def test_endless_readings_go_on_until_they_are_stopped(console):
    console.run("""
        smu.measure.func = smu.FUNC_DC_VOLTAGE smu.measure.nplc = 1
        trigger.model.setblock(1, trigger.BLOCK_BUFFER_CLEAR, defbuffer1)
        trigger.model.setblock(2, trigger.BLOCK_MEASURE_DIGITIZE, defbuffer1,
            trigger.COUNT_INFINITE)
        trigger.model.setblock(3, trigger.BLOCK_WAIT, trigger.EVENT_COMMAND)
        trigger.model.setblock(4, trigger.BLOCK_MEASURE_DIGITIZE, defbuffer1, trigger.COUNT_STOP)
        trigger.model.setblock(5, trigger.BLOCK_NOTIFY, trigger.EVENT_NOTIFY1)
        trigger.model.initiate()
        delay(1)
    """)
    console.send("*TRG")
    console.send("waitcomplete() n = defbuffer1.n delay(1) print(n, defbuffer1.n)")
    before, after = map(float, console.lines()[0].split("\t"))
    assert before == after
    assert before > 10


def test_branches(console):
    console.run("""
        smu.measure.nplc = 0.01
        trigger.model.setblock(1, trigger.BLOCK_BRANCH_ONCE, 3)
        trigger.model.setblock(2, trigger.BLOCK_MEASURE_DIGITIZE)
        trigger.model.setblock(3, trigger.BLOCK_BRANCH_ON_EVENT, trigger.EVENT_TIMER1, 6)
        trigger.model.setblock(4, trigger.BLOCK_DELAY_CONSTANT, 0.1)
        trigger.model.setblock(5, trigger.BLOCK_BRANCH_ALWAYS, 1)
        trigger.model.setblock(6, trigger.BLOCK_NOP)
        trigger.timer[1].delay = 0.35 trigger.timer[1].enable = trigger.ON
        trigger.model.initiate() waitcomplete()
        print(defbuffer1.n)
    """)
    # Not in the first of its passes, 0, 100, 200, 300 and 400 ms after the start.
    assert console.lines() == ["4"]
