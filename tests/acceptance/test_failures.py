"""Whatever an instrument does, the command ends with code 1, the rig safe and the data kept."""

import functools
import math

import pytest

from data.reader import open_run
from data.run import Outcome

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


CASES = [
    ("a link that is cut mid-train", cut_the_link, [], "no reply from TCPIP::127.0.0.1", True),
    ("an error at the upload", leave_an_error_at_the_upload, [], "cuont", False),
    ("a relay that stays open", jam_a_relay, [], "relays none read back closed where 101", False),
    ("the voltage limit", nothing, ["--set", "voltage_limit=100 mV"], "limit of 100 mV", True),
]


@pytest.mark.parametrize(
    ("sabotage", "settings", "says", "partial"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_failing_instrument(fmes, served, tmp_path, sabotage, settings, says, partial):
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
