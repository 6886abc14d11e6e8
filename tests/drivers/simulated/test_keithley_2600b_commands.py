"""The emulated 2602B refuses what the instrument refuses, and its status model."""

import pytest


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("smua.source.levle = 1", -286),
        ("smua.nosuch.leveli = 1", -286),
        ("smua.source.compliance = true", -286),
        ("smua.OUTPUT_ON = 3", -286),
        ("smua.nvbuffer1.n = 3", -286),
        ("trigger.timer[9].delay = 1", -286),
        ("smua.source.leveli = 'much'", -104),
        ("smua.source.leveli = smua", -104),
        ("trigger.timer[1].passthrough = 1", -104),
        ("smua.trigger.source.listi(5)", -104),
        ("smua.trigger.measure.v(print)", -104),
        ("smua.source.func = 7", -224),
        ("smua.source.rangei = 5", 1101),
        ("smua.source.leveli = 3.5", 1101),
        ("smua.source.limitv = 41", 1101),
        ("smua.source.limitv = 0.001", 1102),
        ("smua.measure.nplc = 0", 1102),
        ("smua.measure.nplc = 0/0", 1101),
        ("trigger.timer[1].delay = 1e-7", 1102),
        ("trigger.timer[1].count = 1048576", 1101),
        ("trigger.timer[1].delaylist = {10e-6, 20e-6}", 1102),
        ("smua.trigger.source.lineari(0, 1)", 1400),
        ("x = = 1", -285),
        ("*NOPE", -285),
    ],
)
def test_refused_with_a_code(console, command, code):
    console.send(command)
    ((found, text),) = console.errors()
    assert found == code
    assert text


@pytest.mark.parametrize(
    ("attribute", "bad"),
    [
        ("smua.source.leveli", "5"),
        ("smua.source.limitv", "0"),
        ("smua.measure.nplc", "26"),
        ("smua.source.rangev", "100"),
        ("smua.trigger.count", "-1"),
        ("trigger.timer[2].delay", "2e5"),
        ("smua.source.func", "'volts'"),
    ],
)
def test_a_refused_value_changes_nothing(console, attribute, bad):
    before = console.number(attribute)
    console.send(f"{attribute} = {bad}")
    assert console.number(attribute) == before
    assert len(console.errors()) == 1


def test_a_fault_does_not_end_the_script_but_a_run_time_error_does(console):
    console.run("smua.source.limitv = 0 print('on') nosuch.thing() print('never')")
    assert console.lines() == ["on"]
    assert [code for code, _ in console.errors()] == [1102, -286]


def test_run_time_error_names_its_line(console):
    console.run("x = 1\ny = 2\nsmua.source.levle = 3")
    ((_, text),) = console.errors()
    assert "line 3" in text
    assert "levle" in text


@pytest.mark.parametrize(
    ("value", "full_scale"), [(1e-3, 1e-3), (1.1e-3, 1e-2), (-2e-8, 1e-7), (2, 3)]
)
def test_range_is_the_lowest_that_holds_the_value(console, value, full_scale):
    console.send(f"smua.source.rangei = {value}")
    assert console.number("smua.source.rangei") == pytest.approx(full_scale)
    assert console.number("smua.source.autorangei") == 0


def test_level_beyond_a_fixed_range_is_refused_once_the_output_is_on(console):
    """As the manual says: no error until the output is turned on."""
    console.run("""
        smua.source.func = smua.OUTPUT_DCAMPS smua.source.rangei = 1e-3 smua.source.leveli = 2e-3
    """)
    assert console.errors() == []
    console.send("smua.source.output = 1")
    assert [code for code, _ in console.errors()] == [5005]
    assert console.number("smua.source.output") == 0
    console.send("smua.source.leveli = 1e-3 smua.source.output = 1 smua.source.leveli = 2e-3")
    assert [code for code, _ in console.errors()] == [5005]
    assert console.number("smua.source.leveli") == pytest.approx(1e-3)


def test_reset_restores_defaults_and_turns_off(console):
    console.send("smua.measure.nplc = 5 smua.source.output = 1 format.data = 3 reset()")
    assert console.number("smua.measure.nplc") == 1
    assert console.number("smua.source.output") == 0
    assert console.number("format.data") == 1
    assert console.number("smua.trigger.endpulse.action") == console.number("smua.SOURCE_HOLD")


def test_buffer_settings_need_an_empty_buffer(console):
    console.send("smua.source.output = 1 smua.measure.v(smua.nvbuffer1)")
    console.send("smua.nvbuffer1.collectsourcevalues = 1")
    assert [code for code, _ in console.errors()] == [-221]
    console.send("smua.nvbuffer1.clear() smua.nvbuffer1.collectsourcevalues = 1")
    assert console.errors() == []
    assert console.number("smua.nvbuffer1.capacity") > 60_000


def test_append_mode_and_window_filling(console):
    console.run("""
        b = smua.makebuffer(4) b.appendmode = 1 smua.measure.count = 3
        smua.source.output = 1 smua.measure.v(b) smua.measure.v(b)
        print(b.n, b.capacity)
        w = smua.makebuffer(4) w.fillmode = smua.FILL_WINDOW smua.measure.count = 6
        smua.measure.v(w) print(w.n)
    """)
    assert console.lines() == ["4.00000e+00\t4.00000e+00", "4.00000e+00"]


def test_named_script_can_be_called_listed_and_read(console):
    console.send("loadscript twice\nprint('a')\nprint('b')\nendscript")
    assert console.lines() == []
    console.send("twice() twice.run()")
    assert console.lines() == ["a", "b", "a", "b"]
    assert console.ask("print(twice.name)") == "twice"
    console.send("twice.list()")
    assert console.lines() == ["loadscript twice", "print('a')", "print('b')", "endscript"]


def test_anonymous_script_runs_again(console):
    console.run("print('once')")
    console.send("run() script.anonymous()")
    assert console.lines() == ["once"] * 3


def test_script_with_a_syntax_error_is_not_defined(console):
    console.send("loadscript broken\nfor k = 1\nendscript")
    assert [code for code, _ in console.errors()] == [-285]
    assert console.ask("print(broken)") == "nil"


def test_getters_setters_and_bits(console):
    console.run("""
        local set = makesetter(smua.measure, "nplc") set(2)
        print(makegetter(smua.measure, "nplc")(), bit.bitand(12, 10), bit.test(4, 3))
    """)
    assert console.lines() == ["2.00000e+00\t8.00000e+00\ttrue"]


def test_common_commands_and_status_byte(console):
    assert "2602B" in console.ask("*IDN?")
    assert console.ask("*ESR?") == "128"
    assert console.ask("*ESR?") == "0"
    console.send("nosuch.thing = 1")
    assert int(console.ask("*STB?")) & 4
    assert int(console.ask("*ESR?")) & 16
    console.send("*CLS")
    assert console.errors() == []
    assert console.ask("*TST?") == "0"
    console.send("*ESE 1\n*SRE 32\n*OPC")
    assert int(console.ask("*STB?")) & 0x60 == 0x60


def test_opc_query_waits_for_the_sweep(console):
    console.run("""
        smua.trigger.source.listv({0, 0.1}) smua.trigger.source.action = smua.ENABLE
        smua.source.delay = 0.2 smua.trigger.count = 5 smua.source.output = 1
        smua.trigger.initiate() timer.reset()
    """)
    assert console.ask("*OPC?") == "1"
    assert console.number("timer.measure.t()") >= 0.9
    assert console.number("status.operation.sweeping.condition") == 0


def test_sweep_end_sets_the_event_through_the_negative_transition(console):
    console.run("""
        status.operation.sweeping.ntr = 2 status.operation.sweeping.ptr = 0
        status.operation.sweeping.enable = 2 status.operation.enable = 8
        status.request_enable = status.OSB
        smua.source.delay = 2 smua.trigger.source.listv({0.1})
        smua.trigger.source.action = smua.ENABLE smua.trigger.count = 2
        smua.source.output = 1 smua.trigger.initiate()
    """)
    assert int(console.ask("*STB?")) & 64 == 0
    console.send("waitcomplete()")
    assert int(console.ask("*STB?")) & (64 | 128) == 64 | 128


def test_abort_message_and_device_clear_release_a_stuck_script(console):
    console.send("display.waitkey()")
    console.send("print('behind')")
    assert console.lines() == []
    console.send("abort")
    assert console.ask("print('free')") == "free"
    console.send("display.waitkey()")
    console.instrument.clear()
    assert console.ask("print('free')") == "free"


def test_channel_b_is_independent_and_open(console):
    console.run("""
        smub.source.func = smub.OUTPUT_DCVOLTS smub.source.levelv = 0.5 smub.source.output = 1
        print(smub.measure.v()) print(math.abs(smub.measure.i()) < 1e-6, smua.source.output)
    """)
    volts, rest = console.lines()
    assert float(volts) == pytest.approx(0.5, rel=1e-3)
    assert rest == "true\t0.00000e+00"
