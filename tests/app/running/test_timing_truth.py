"""A train that was not played as asked is marked in the file, in words and in the figure."""

import json

import h5py
import pytest

import drivers.simulated.keithley_2600b.meter as inside
from analysis.analysis import Provenance
from analysis.captions import alerts
from app import lab
from app.commands.analyse import analyse_file
from app.commands.timing import show_timing
from data.samples import Flag

SHORT = {"states": "open", "up": 5, "down": 5, "width": "1 ms", "gap": "1 ms"}


@pytest.fixture
def late(monkeypatch, tmp_path):
    """A run on an instrument that needs longer for a reading than its maker says."""
    monkeypatch.setattr(inside, "MEASURE_OVERHEAD", 0.785e-3)
    return lab.run("ltp-ltd", out=tmp_path / "late.h5", **SHORT)


def test_a_punctual_run_says_so(tmp_path, capsys):
    run = lab.run("ltp-ltd", out=tmp_path / "a.h5", **SHORT)
    assert "no overrun" in next(e.message for e in run.events if e.message.startswith("timing: "))
    assert "OVERRUN" not in alerts(Provenance.of(run), True)
    with h5py.File(run.path) as file:
        assert file.attrs["programs_with_overrun"] == 0
        assert file["entry/plays/latest"][()].max() < 1e-5
    show_timing(run.path)
    analyse_file(run.path, as_json=False)
    said = capsys.readouterr().out
    assert "none with an overrun" in said
    assert "OVERRUN" not in said


def test_a_late_train_is_marked_everywhere(late, capsys):
    assert late.outcome == "finished"
    assert (late.samples.flags & Flag.LATE).any()
    warnings = [e.message for e in late.events if e.level == "warning"]
    assert any("OVERRUN" in text and "readings are flagged" in text for text in warnings)
    summary = next(e.message for e in late.events if e.message.startswith("timing: "))
    assert "OVERRUN in 1 of them" in summary
    with h5py.File(late.path) as file:
        assert file.attrs["programs_with_overrun"] == 1
        assert list(file["entry/plays/overrun"][()]).count(1) == 1
    alert = alerts(Provenance.of(late), True)
    assert "TIMING OVERRUN in 1 of" in alert
    texts = [t.get_text() for f in lab.figure(late).subfigs for t in f.texts]
    assert any("TIMING OVERRUN" in text for text in texts)
    show_timing(late.path)
    analyse_file(late.path, as_json=False)
    said = " ".join(capsys.readouterr().out.split())
    assert "1 with an overrun" in said
    assert "OVERRUN: " in said
    analyse_file(late.path, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["timing"]["late"] > 0
    assert told["timing"]["latest"] > 1e-4


def test_a_train_that_loses_a_trigger_fails_and_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(inside, "MEASURE_OVERHEAD", 2.5e-3)
    run = lab.run("ltp-ltd", out=tmp_path / "lost.h5", **SHORT)
    assert run.outcome == "failed"
    assert "lost a trigger" in run.reason
    assert (run.samples.flags & Flag.OVERRUN).any()
    assert any("reports a trigger overrun" in e.message for e in run.events if e.level == "warning")
    assert "TIMING OVERRUN" in alerts(Provenance.of(run), False)
