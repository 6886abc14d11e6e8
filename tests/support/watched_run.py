"""Runs of the installed command on a served bench, followed by their events."""

from __future__ import annotations

import json
import math
import subprocess

RESET = ["--set", "reset_watch=0.2", "--set", "reset_tolerance=10mV"]
LONG = ["run", "ltp-ltd", "--events", "--set", "states=500", *RESET]
"""Pulses for most of a minute."""
SHORT = [*LONG, "--set", "up=100", "--set", "down=1"]
SAFE = {"current": 0, "resistance": math.inf, "mode": "high_z"}
"""What `Served.safe` tells of a rig that is."""


def until_pulses(process: subprocess.Popen[str]) -> None:
    """Read its events until the first pulse has been read."""
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "block" and any(event["pulse_index"]):
            return
    raise AssertionError(process.stderr.read())


def until_said(process: subprocess.Popen[str], what: str) -> None:
    """Read its events until one says something."""
    assert any(what in line for line in process.stdout), process.stderr.read()


def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and the last word on the outcome."""
    out, err = process.communicate(timeout=120)
    ends = [e for e in map(json.loads, out.splitlines()) if e["event"] == "end"]
    assert ends, err
    return process.returncode, ends[0]["reason"]
