"""`app.lab` in a real Jupyter kernel: what it shows, and what an interrupt does."""

import base64
import math
import struct
import sys
import time

import pytest
from jupyter_client.manager import start_new_kernel

from data.errors import DataError
from data.reader import open_run
from data.run import Outcome

PATIENCE = 60


@pytest.fixture
def kernel(tmp_path):
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def shown(client, cell):
    """What a cell that succeeds shows, by MIME type."""
    messages = []
    client.execute_interactive(cell, output_hook=messages.append, timeout=PATIENCE)
    errors = [m["content"] for m in messages if m["msg_type"] == "error"]
    assert not errors, errors
    data = {}
    for message in messages:
        data |= message["content"].get("data", {})
    return data


@pytest.mark.parametrize("pyplot", [False, True])
def test_a_run_its_measures_and_its_figure_show_themselves(kernel, pyplot):
    _, client = kernel
    if pyplot:
        shown(client, "import matplotlib.pyplot")
    run = shown(client, 'from app import lab\nrun = lab.run("ltp-ltd", sample="D<7>")\nrun')
    assert "D&lt;7&gt;" in run["text/html"]
    assert "SIMULATED" in run["text/html"]
    assert len(run["text/plain"]) < 500
    measures = shown(client, "lab.analyse(run)")["text/html"]
    for text in ("<th>Wmax/Wmin</th>", "<td>8 kohm</td>", "first cycle of each state"):
        assert text in measures
    image = base64.b64decode(shown(client, "lab.figure(run, dark=True)")["image/png"])
    width, height = struct.unpack(">II", image[16:24])
    assert width > height > 300


def reply_to(client, sent):
    """The reply to one request; the kernel may answer an earlier one first."""
    while True:
        message = client.get_shell_msg(timeout=PATIENCE)
        if message["parent_header"]["msg_id"] == sent:
            return message["content"]


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts by a POSIX signal")
def test_an_interrupt_makes_the_rig_safe_and_records_an_abort(kernel, served, tmp_path):
    manager, client = kernel
    bench, out = served(1.0), tmp_path / "run.h5"
    sent = client.execute(
        f"from app import lab\nlab.run('ltp-ltd', rig={str(bench.rig)!r}, out={str(out)!r}, "
        "states='500', up=5000, reset_watch=0.2, reset_tolerance='10 mV')"
    )
    wait_for_pulses(out)
    manager.interrupt_kernel()
    reply = reply_to(client, sent)
    assert reply["ename"] == "KeyboardInterrupt"
    assert str(out) in reply["evalue"]
    assert bench.safe() == {"current": 0, "resistance": math.inf, "mode": "high_z"}
    run = open_run(out)
    assert run.outcome is Outcome.ABORTED
    assert "SIGINT" in run.reason
    assert 0 < (run.samples.pulse_index > 0).sum() < 10_000


def wait_for_pulses(path):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if open_run(path).samples.pulse_index.any():
                return
        except DataError:
            pass  # not there yet
        time.sleep(0.05)
    raise AssertionError("no pulse was recorded")
