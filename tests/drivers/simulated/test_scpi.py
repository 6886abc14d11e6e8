"""The SCPI core: its grammar, parameters, status and error reporting."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyvisa.errors import VisaIOError
from scpi_demo import LEVEL, Demo

from drivers.simulated.bench import Bench
from drivers.simulated.link import SimulatedAdapter
from drivers.simulated.scpi.errors import TEXTS
from drivers.simulated.scpi.program import split_messages
from drivers.simulated.scpi.response import definite_block
from drivers.simulated.stage import StageErrors

IDEAL = StageErrors((), (), (), 0.0, (), 1e-6)


def new(speed=float("inf")):
    return Demo(Bench({}, IDEAL, noise=False, speed=speed))


@pytest.fixture
def demo():
    return new()


def ask(demo, text):
    demo.write(text.encode("latin-1"))
    answer = demo.read()
    assert demo.read() is None
    return answer.decode("latin-1").rstrip("\n")


def code_of(demo, text):
    """The error that a message leaves; nothing but it."""
    demo.write(text.encode("latin-1"))
    demo.read()
    code, _ = ask(demo, "SYST:ERR?").split(",", 1)
    assert ask(demo, "SYST:ERR?") == '0,"No error"'
    return int(code)


SPELLINGS = st.tuples(
    st.sampled_from(["", ":"]),
    st.sampled_from(["SOUR:", "SOURCE:", "SOUR1:", "SOURCE1:", ""]),
    st.sampled_from(["CURR", "CURRENT"]),
    st.sampled_from(["", ":LEV", ":LEVEL"]),
    st.sampled_from(["", ":IMM", ":IMMEDIATE"]),
    st.sampled_from(["", ":AMPL", ":AMPLITUDE"]),
).map("".join)


@given(SPELLINGS, st.randoms(use_true_random=False))
def test_every_spelling_means_the_same_command(header, random):
    demo = new()
    header = "".join(random.choice([c.lower(), c]) for c in header)
    demo.write(f"{header} 2".encode())
    assert float(ask(demo, "SOUR:CURR?")) == 2.0
    assert float(ask(demo, f"{header}?")) == 2.0


@given(st.text("SOURCEcurentlv:[]12", min_size=1, max_size=20))
def test_no_other_spelling_does(header):
    demo = new()
    demo.write(f":{header} 2".encode())
    spelled = float(ask(demo, "SOUR1:CURR?")) == 2.0 or float(ask(demo, "SOUR2:CURR?")) == 2.0
    words = header.upper().split(":")
    mnemonics = {"SOUR", "SOURCE", "SOUR1", "SOURCE1", "SOUR2", "SOURCE2", "CURR", "CURRENT",
                 "LEV", "LEVEL"}  # fmt: skip
    assert spelled <= (set(words) <= mnemonics)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("NOPE 1", -113),
        ("CURRE 1", -113),
        ("SOUR3:CURR 1", -114),
        ("SOUR:CURR", -109),
        ("SOUR:CURR 1,2", -108),
        ("SOUR:CURR 1 2", -103),
        ("SOUR:CURR ,1", -109),
        ("SOUR:CURR 4", -222),
        ("SOUR:CURR -3.1", -222),
        ("SOUR:CURR INF", -222),
        ("SOUR:CURR 1e999", -222),
        ("SOUR:CURR 1e99999", -123),
        ("SOUR:CURR " + "1" * 300, -124),
        ("SOUR:CURR .", -121),
        ("SOUR:CURR 1 V", -131),
        ("SOUR:CURR 1 XA", -131),
        ("TRIG:COUN 3 S", -138),
        ("TRIG:COUN 1001", -222),
        ("SOUR:CURR 'a'", -158),
        ("SOUR:CURR NONE", -224),
        ("SOUR:CURR (@1)", -178),
        ("SOUR:CURR #13abc", -168),
        ("SOUR2:CURR 2", -221),
        ("OUTP YES", -224),
        ("OUTP 1 S", -138),
        ("FUNC:MODE 1", -128),
        ("FUNC:MODE RES", -224),
        ("FUNC:MODE VOL", -224),
        ("SENS:FUNC VOLT", -148),
        ("SENS:FUNC 'CURR'", -224),
        ("SYST:NAME 'open", -151),
        ("SYST:NAME 'much too long a name'", -223),
        ("LIST:CURR 1,2,3,0,1,2", -223),
        ("LIST:CURR 1,2,3,0,7", -222),
        ("LIST:CURR", -109),
        ("INIT (@3)", -222),
        ("INIT (@1", -171),
        ("INIT 1", -102),
        ("INIT (1)", -102),
        ("DATA #210abc", -161),
        ("DATA #1xabc", -161),
        ("DATA #x", -102),
        ("CURR? 1", -224),
        ("CURR? MAX,MIN", -108),
        ("OUTP? MAX", -108),
        ("*IDN? 1", -108),
        ("AVERYLONGMNEMONIC 1", -112),
        ("%", -102),
        ("SOUR:CURR\u00e9", -101),
        ("CURR=1", -111),
        ("*ESE 256", -222),
        ("*ESE", -109),
        ("FAULT?", -310),
    ],
)
def test_refused_with_the_standard_error(demo, message, code):
    demo.write(b"*CLS")
    assert code_of(demo, message) == code
    assert code in TEXTS
    assert float(ask(demo, "SOUR:CURR?")) == 0.0
    assert float(ask(demo, "SOUR2:CURR?")) == 0.0


@pytest.mark.parametrize(
    ("message", "event"), [("NOPE", 32), ("CURR 9", 16), ("FAULT?", 8), ("*CLS", 0)]
)
def test_each_class_of_error_has_its_event_bit(demo, message, event):
    demo.write(b"*CLS")
    demo.write(message.encode())
    assert int(ask(demo, "*ESR?")) == event
    assert int(ask(demo, "*ESR?")) == 0


UNITS = {"": 1.0, "A": 1.0, "mA": 1e-3, "MA": 1e-3, "uA": 1e-6, "na": 1e-9, "PA": 1e-12}


@given(st.floats(-2, 2), st.sampled_from(sorted(UNITS)), st.sampled_from(["", " ", "\t"]))
def test_units_and_multipliers(value, unit, space):
    demo = new()
    demo.write(f"CURR {value:.9e}{space if unit else ''}{unit}".encode())
    assert float(ask(demo, "CURR?")) == pytest.approx(value * UNITS[unit], rel=1e-6, abs=1e-300)


@pytest.mark.parametrize(
    ("written", "hertz"), [("1 MHZ", 1e6), ("2 kHz", 2e3), ("#H1F", 31), ("#b101", 5), ("#Q17", 15)]
)
def test_mega_before_hertz_and_other_bases(demo, written, hertz):
    demo.write(f"ROUT:FREQ {written}".encode())
    assert float(ask(demo, "ROUT:FREQ?")) == hertz


@pytest.mark.parametrize("written", ["1.5", "+1.5", "15E-1", ".15 E 1", "0.15e+1", "1.50 A"])
def test_numbers_in_every_form(demo, written):
    demo.write(f"CURR {written}".encode())
    assert float(ask(demo, "CURR?")) == 1.5


def test_limits_by_name(demo):
    assert [float(ask(demo, f"CURR? {w}")) for w in ("MIN", "MAXIMUM", "DEF")] == [-3.0, 3.0, 0.0]
    demo.write(b"CURR MAX;:TRIG:COUN INF;:OUTP ON")
    assert ask(demo, "CURR?;:TRIG:COUN?;:OUTP?;:OUTP2?") == "3.000000E+00;1001;1;0"
    demo.write(b"*RST")
    assert ask(demo, "CURR?;:TRIG:COUN?;:OUTP?") == "0.000000E+00;1;0"


@pytest.mark.parametrize(
    ("written", "answer"), [("VOLT", "VOLT"), ("voltage:dc", None), ("current", "CURR")]
)
def test_words(demo, written, answer):
    demo.write(f"FUNC:MODE {written}".encode())
    if answer:
        assert ask(demo, "FUNC:MODE?") == answer
    demo.write(b'SENS:FUNC "VOLT:DC"')
    assert ask(demo, "SENS:FUNC?") == '"VOLT"'


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=12))
def test_strings_come_back_as_they_were(text):
    demo = new()
    for quote in "\"'":
        demo.write(f"SYST:NAME {quote}{text.replace(quote, 2 * quote)}{quote}".encode("latin-1"))
        answer = ask(demo, "SYST:NAME?")
        assert answer[1:-1].replace('""', '"') == text


@given(st.binary(max_size=100))
def test_blocks_come_back_as_they_were(content):
    demo = new()
    demo.write(b"DATA " + definite_block(content) + b";:CURR 1")
    demo.write(b"DATA?")
    assert demo.read() == definite_block(content) + b"\n"
    assert float(ask(demo, "CURR?")) == 1.0
    demo.write(b"*RST;:DATA #0" + content)
    demo.write(b"DATA:REST?")
    assert demo.read() == b"#0" + content + b"\n"


def test_binary_readings(demo):
    demo.write(b"READ?")
    reply = demo.read()
    assert reply[:4] == b"#216"
    assert struct.unpack("<2d", reply[4:-1]) == (1.0, -2.5)


def test_a_header_goes_on_where_the_last_one_left_off(demo):
    demo.write(b"SOUR:CURR:LEV 1;LEV 2;*CLS;LEV:IMM 3;AMPL 2.5;:OUTP ON;:TRIG:COUN 4;TIM 2 ms")
    assert ask(demo, "CURR?;:OUTP?;:TRIG:TIM?;COUN?") == "2.500000E+00;1;2.000000E-03;4"
    assert ask(demo, "SYST:ERR?") == '0,"No error"'
    assert code_of(demo, "SOUR:CURR 1;OUTP OFF") == -113
    assert code_of(demo, "TRIG:COUN 2;TRIG:COUN 3") == -113


def test_a_command_error_ends_the_message_and_an_execution_error_does_not(demo):
    demo.write(b"CURR 1;NOPE;CURR 2")
    demo.write(b"SOUR2:CURR 9;CURR 0.5")
    assert ask(demo, "CURR?;:SOUR2:CURR?") == "1.000000E+00;5.000000E-01"
    assert [ask(demo, "SYST:ERR?").split(",")[0] for _ in range(3)] == ["-113", "-222", "0"]


def test_the_error_queue_says_that_it_overflowed(demo):
    demo.write(b"*CLS")
    for _ in range(50):
        demo.write(b"NOPE")
    codes = [int(ask(demo, "SYST:ERR?").split(",")[0]) for _ in range(31)]
    assert codes == [-113] * 29 + [-350, 0]


def test_an_answer_that_is_not_read_is_interrupted(demo):
    demo.write(b"*CLS;*IDN?")
    demo.write(b"CURR?")
    assert float(demo.read()) == 0.0
    assert demo.read() is None
    assert int(ask(demo, "*ESR?")) == 4
    assert ask(demo, "SYST:ERR?") == '-410,"Query INTERRUPTED"'


def test_a_bus_reports_answers_that_nobody_reads_or_that_are_not_there(demo):
    gpib = SimulatedAdapter(demo.bench, demo, bus=True)
    gpib.write("*CLS;*IDN?")
    gpib.write("CURR?")
    assert float(gpib.read()) == 0.0
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        gpib.read()
    codes = []
    for _ in range(3):
        gpib.write("SYST:ERR?")
        codes.append(int(gpib.read().split(",")[0]))
    assert codes == [-410, -420, 0]
    socket = SimulatedAdapter(demo.bench, demo)
    socket.write("*IDN?")
    socket.write("SYST:ERR?")
    assert [socket.read(), socket.read()] == [demo.identity, '0,"No error"']


def test_asking_for_an_answer_to_nothing_is_unterminated(demo):
    demo.write(b"CURR 1")
    demo.unterminated()
    assert ask(demo, "SYST:ERR?") == '-420,"Query UNTERMINATED"'


def test_message_available_and_master_summary(demo):
    demo.write(b"*CLS;*SRE 16;*IDN?")
    assert demo.status_byte == 16 | 64
    demo.read()
    assert demo.status_byte == 0
    demo.write(b"NOPE")
    assert demo.status_byte == 4
    demo.write(b"*ESE 32")
    assert demo.status_byte == 4 | 32


@given(
    st.lists(st.tuples(st.integers(0, 0x7FFF), st.booleans()), max_size=8),
    st.integers(0, 0x7FFF),
    st.integers(0, 0x7FFF),
    st.integers(0, 0x7FFF),
)
def test_a_register_keeps_what_its_filters_let_through(changes, rising, falling, enable):
    demo = new()
    demo.write(f"STAT:OPER:PTR {rising};NTR {falling};ENAB {enable}".encode())
    condition = event = 0
    for bits, on in changes:
        demo.status.operation.put(bits, on)
        after = condition | bits if on else condition & ~bits
        event |= (after & ~condition & rising) | (condition & ~after & falling)
        condition = after
    assert bool(demo.status_byte & 128) == bool(event & enable)
    assert ask(demo, "STAT:OPER:COND?;EVEN?;EVEN?") == f"{condition};{event};0"


def test_operation_complete_waits_for_what_is_pending(demo):
    began = demo.bench.clock.now
    assert ask(demo, "INIT;*OPC?") == "1"
    assert demo.bench.clock.now == pytest.approx(began + 1.0)
    demo.write(b"*CLS;*OPC")
    assert int(ask(demo, "*ESR?")) == 1
    demo.write(b"INIT;*OPC")
    assert int(ask(demo, "*ESR?;:STAT:OPER:COND?").split(";")[0]) == 0
    demo.bench.clock.advance(2.0)
    assert ask(demo, "*ESR?;:STAT:OPER:COND?") == "1;0"


def test_waiting_at_a_real_speed_keeps_the_rest_of_the_message_and_answers_polls():
    demo = new(speed=20.0)
    demo.write(b"INIT;*OPC?;:CURR 2")
    assert demo.read() is None
    assert demo.busy
    assert demo.status_byte & 16 == 0
    demo.write(b"CURR?")
    answers = []
    while len(answers) < 2:
        demo.run_to(demo.bench.clock.now)
        if (answer := demo.read()) is not None:
            answers.append(answer)
    assert [float(a) for a in answers] == [1.0, 2.0]


def test_a_device_clear_ends_a_wait():
    demo = new(speed=1e-3)
    demo.write(b"INIT;*WAI;:CURR 2")
    demo.write(b"CURR 1")
    demo.clear()
    assert float(ask(demo, "CURR?")) == 0.0


MESSAGES = st.one_of(
    st.binary(max_size=30).map(lambda b: b"DATA " + definite_block(b)),
    st.text("abC:;,?* 123.#(@)", max_size=20).filter(lambda t: "#" not in t).map(str.encode),
    st.just(b'SYST:NAME "#9"'),
    st.just(b'SYST:NAME "open'),
)


@given(st.lists(MESSAGES, max_size=6), st.lists(st.integers(1, 7), min_size=1, max_size=30))
def test_a_stream_is_cut_into_its_messages_however_it_arrives(messages, sizes):
    stream = b"".join(message + b"\n" for message in messages)
    found, rest = [], b""
    while stream:
        size = sizes[len(stream) % len(sizes)]
        complete, rest = split_messages(rest + stream[:size])
        found += complete
        stream = stream[size:]
    assert (found, rest) == (messages, b"")


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([
    b"SOUR:CURR 1;", b"LIST:CURR 1,2", b"*IDN?;*IDN?", b"DATA #15ab", b"((((", b";;;:::", b"INIT",
    b"*OPC?", b"\"'\"'", b"#", b"1e", b"CURR #H", b"STAT:OPER:ENAB #HFFFFFFFFFFFFFFFFF",
])), max_size=20))  # fmt: skip
def test_no_message_breaks_the_instrument(messages):
    demo = new()
    for message in messages:
        demo.write(message)
        demo.read()
    demo.clear()
    assert ask(demo, "*IDN?") == "MAKER,DEMO,0,1.0"
    while ask(demo, "SYST:ERR?") != '0,"No error"':
        assert code_of(demo, "*CLS") == 0


def test_headers_that_cannot_be_understood_are_found_when_declared():
    from drivers.simulated.scpi.header import compile_header

    assert compile_header(LEVEL).match(":CURR") == (1,)
    with pytest.raises(ValueError, match="not understood"):
        compile_header(":SOURce<1>")
