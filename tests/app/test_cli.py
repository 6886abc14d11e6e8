"""The command line as a whole: it starts at once, and Ctrl-C has a code of its own."""

import subprocess
import sys

from typer.testing import CliRunner

from app import describe_command
from app.cli import app
from app.exit_codes import ABORTED

HEAVY = {"numpy", "scipy", "h5py", "xarray", "matplotlib", "pydantic", "pint", "pymeasure", "lupa"}


def test_nothing_heavy_is_imported_before_a_command_is_known():
    code = "import sys, app.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "typer" in (loaded := set(done.stdout.split()))
    assert not loaded & HEAVY


def test_an_interrupt_outside_a_run_ends_with_the_code_for_aborted(monkeypatch):
    def interrupted(_name):
        raise KeyboardInterrupt

    monkeypatch.setattr(describe_command, "describe_protocol", interrupted)
    done = CliRunner().invoke(app, ["describe", "ltp-ltd"])
    assert done.exit_code == ABORTED
    assert "aborted" in done.output
