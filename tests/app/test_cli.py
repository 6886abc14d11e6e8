"""The command line as a whole: it starts at once, and Ctrl-C has a code of its own."""

import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.commands import describe as describe_command
from app.commands.exit_codes import ABORTED, BAD_INPUT
from protocols.catalogue import PROTOCOLS

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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["describe", "iv_sweep"], "iv-sweep"),
        (["check", "ppf", "--set", "intervalls=1s"], "intervals"),
        (["check", "ltp-ltd", "--preset", "text-500"], "text-500Hz"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_one_that_was_meant(typed, meant):
    done = CliRunner().invoke(app, typed)
    assert done.exit_code == BAD_INPUT
    assert f"did you mean '{meant}'?" in done.output


def test_a_name_that_is_like_none_is_answered_without_a_guess():
    done = CliRunner().invoke(app, ["describe", "xyzzy"])
    assert done.exit_code == BAD_INPUT
    assert "ltp-ltd" in done.output
    assert "did you mean" not in done.output


def test_a_misspelt_key_of_a_rig_file_is_answered_with_the_one_that_was_meant(tmp_path):
    (rig := tmp_path / "rig.toml").write_text("[device]\nmax_volts = '0.8 V'\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["check", "ltp-ltd", "--rig", str(rig)])
    assert done.exit_code == BAD_INPUT
    assert "did you mean 'max_voltage'?" in done.output


def test_the_version_is_that_of_the_package():
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"fmes-lab {version('fmes-lab')}\n")


def test_a_description_is_text_for_a_terminal():
    for protocol in PROTOCOLS:
        done = CliRunner().invoke(app, ["describe", protocol.name])
        assert done.exit_code == 0
        assert "Source: " in done.output
        assert "``" not in done.output
        assert "----" not in done.output
