"""Whatever an instrument does, the command ends with code 1, the rig safe and the data kept."""

import functools
import math

import pytest

from data.reader import open_run
from data.run import Outcome
from drivers.transcript import What, read_transcript

SHORT = ["--set", "up=150", "--set", "down=20", "--set", "states=500,open"]


def when(instrument, message, act):
    """Act once, before the instrument takes a message with these words in it."""
    take, done = instrument.write, []

    def write(received):
        if message in received and not done:
            done.append(True)
            act()
        take(received)

    instrument.write = write


def cut_the_link(bench):
    """When readings of a train, which has two segments a pulse, are fetched the second time."""
    meter, drop = bench.meter, bench.servers[0].drop_clients
    again = functools.partial(when, meter, b"printbuffer(", drop)
    train = functools.partial(when, meter, b"printbuffer(", again)
    when(meter, b"trigger.count=340", train)


def leave_an_error_at_the_upload(bench):
    def act():
        bench.meter._execute("smua.trigger.cuont = 3", direct=True)

    when(bench.meter, b"fmes_levels={}", act)


def jam_a_relay(bench):
    bench.bank.stuck.add(101)


def nothing(bench):
    pass


def link_lost(last):
    return last[-1].what is What.NOT_RECEIVED and b"printbuffer(" in last[-2].data


def error_queue(last):
    return b"cuont" in last[-1].data and b"errorqueue.next()" in last[-2].data


def relays_open(last):
    return b"0,0,0,0,0,0" in last[-1].data and b"ROUT:CLOS?" in last[-2].data


def readings(last):
    return last[-1].data.startswith(b"#0") and last[-1].instrument == "source_meter"


LOW = ["--set", "voltage_limit=100 mV"]
CASES = [
    ("a link that is cut mid-train", cut_the_link, [], "no reply from TCPIP::127.0.0.1", True,
     link_lost),
    ("an error at the upload", leave_an_error_at_the_upload, [], "cuont", False, error_queue),
    ("a relay that stays open", jam_a_relay, [], "relays none read back closed where 101", False,
     relays_open),
    ("the voltage limit", nothing, LOW, "limit of 100 mV", True, readings),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sabotage", "settings", "says", "partial", "cause"),
    [c[1:] for c in CASES],
    ids=[c[0] for c in CASES],
)
def test_a_failing_instrument(fmes, served, tmp_path, sabotage, settings, says, partial, cause):
    bench, out = served(math.inf), tmp_path / "run.h5"
    sabotage(bench)
    done = fmes("run", "ltp-ltd", "--rig", str(bench.rig), "--out", str(out), *SHORT, *settings)
    assert done.returncode == 1, done.stdout + done.stderr
    assert says in done.stdout
    assert bench.safe() == {"current": 0, "resistance": math.inf, "mode": "high_z"}
    run = open_run(out)
    assert run.outcome is Outcome.FAILED
    assert says in run.reason
    assert (run.samples.pulse_index > 0).any() == partial, "what was read is kept"
    kept = tmp_path / "run.failure.jsonl"
    assert f"the last messages are in {kept.name}" in done.stdout
    assert kept.name in run.reason
    messages = read_transcript(kept)
    (failed,) = [k for k, m in enumerate(messages) if m.what is What.NOTE]
    assert says in messages[failed].text
    before, after = messages[:failed], messages[failed + 1 :]
    assert cause(before[-3:]), "what it failed at comes last before the note"
    assert any(b"source.output=2" in m.data for m in after), "then the source is made safe"
