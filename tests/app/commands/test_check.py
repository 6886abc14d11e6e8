"""What `fmes check` says of a run before anything is energised."""

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.commands.stimulus import sketch
from protocols.iv_sweep import IvSweep
from protocols.program import Instant, PulseProgram, PulseTrain, Segment


def check(name, *settings):
    arguments = [part for setting in settings for part in ("--set", setting)]
    done = CliRunner().invoke(app, ["check", name, *arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    words = (line.split(maxsplit=1) for line in done.output.splitlines() if line.strip())
    return {line[0]: line[1].strip() for line in words if len(line) > 1}, done.output


def test_the_charge_is_told_as_far_as_it_is_known():
    assert check("ltp-ltd", "states=open", "up=10", "down=4")[0]["net"] == "charge  120 uC"
    decided = "charge  0 C, and what is decided from what is read"
    assert check("write-verify")[0]["net"] == decided
    assert "voltage is forced" in check("iv-sweep", "states=500", "cycles=1")[0]["net"]


def test_the_segment_that_is_nearest_to_its_limit_is_told_with_that_limit():
    # The short pulses have a short aperture, the long rest has a long one.
    said = check("write-verify")[0]["instrument"]
    assert said == "2602B can time it: shortest segment 5 ms, it needs 360 us"


def test_what_would_take_minutes_to_rehearse_is_told_as_planned():
    facts, output = check("width", "repeats=1000", "widths=1 ms, 2 ms", "states=500, 8k, open")
    assert "as planned: too long to be rehearsed here" in facts["duration"]
    assert facts["readings"].startswith("at most ")
    assert "not rehearsed (limit of the device 800 mV)" in output
    assert "as rehearsed" in check("width", "widths=1 ms", "states=500")[0]["duration"]


def test_a_rehearsal_that_fails_says_why():
    facts, output = check("width", "widths=10 s", "states=open")
    for what in ("duration", "readings"):
        assert facts[what].endswith("until the rehearsal failed, see below")
    assert "the rehearsal failed: the source reached its limit of 800 mV" in output


def test_a_program_that_is_played_for_every_state_says_how_often():
    said = check("ltp-ltd", "states=500, open", "up=3", "down=0")[0]["levels"]
    assert said.endswith(", played 2 times")
    assert "played" not in check("ltp-ltd", "states=open", "up=3", "down=0")[0]["levels"]


def program(*parts, **changes):
    settings = {"phases": ("p",), "limit": 0.8, "aperture": 1e-4, **changes}
    return PulseProgram.compile(parts, **settings)


def test_a_train_is_sketched_with_its_gaps_at_0():
    (above, line) = sketch(program(PulseTrain(1e-3, 1e-3, 3e-3, 2, "p")), width=16)
    assert above == "██      ██      ".replace("      ", " " * 6)
    assert line == "─" * 16


def test_levels_below_0_are_sketched_below_the_line():
    parts = [Segment(level, 1.0, "p", Instant.REST) for level in (1e-3, 0.0, -1e-3)]
    assert sketch(program(*parts), width=9) == ["███      ", "─────────", "      ███"]


@pytest.mark.parametrize("level", [0.0, 1e-3])
def test_nothing_but_the_line_is_sketched_at_0(level):
    lines = sketch(program(Segment(level, 1.0, "p", Instant.REST)), width=4)
    assert lines == (["████"] if level else []) + ["────"]


def test_a_staircase_is_sketched_as_a_whole():
    above, line = sketch(IvSweep.build(cycles=1).program(0.05), width=40)
    assert len(above) == len(line) == 40
    assert above[0] == above[-1] == "▁"
    assert set(above[18:22]) == {"█"}
    heights = ["▁▂▃▄▅▆▇█".index(c) for c in above]
    assert heights[:20] == sorted(heights[:20])
    assert heights[20:] == sorted(heights[20:], reverse=True)
