"""Notes beside a run: raw data are never touched."""

import json
import os
import shutil
from datetime import datetime

import pytest

from app.errors import InputError
from app.library.browse import Browser
from app.library.notes import sidecar, write_notes
from app.library.requests import parse
from data.errors import DataError


@pytest.fixture
def run(runs, tmp_path):
    return shutil.copy(runs["ppf"], tmp_path / "a.h5")


def row(path):
    (found,), _ = Browser().rows(path.parent)
    return found


def test_notes_and_tags_are_kept_and_the_run_stays_as_it_is(run):
    before, at = run.read_bytes(), run.stat().st_mtime_ns
    write_notes(run, "erste Zeile\nzweite: 1 Ω", ("gut", "忆阻器", "gut"))
    write_notes(run, "anders", ("gut", "忆阻器", "gut"))
    assert run.read_bytes() == before
    assert run.stat().st_mtime_ns == at
    assert (row(run)["notes"], row(run)["tags"]) == ("anders", ["gut", "忆阻器"])
    assert row(run)["recorded_notes"] == "im Dunkeln"
    assert {path.name for path in run.parent.iterdir()} == {"a.h5", "a.h5.notes.json"}
    written = json.loads(sidecar(run).read_text(encoding="utf-8"))
    assert datetime.fromisoformat(written["changed"]).tzinfo


def test_empty_notes_replace_those_that_were_recorded(run):
    write_notes(run, "", ())
    assert row(run)["notes"] == ""


@pytest.mark.parametrize("content", [b"", b"{", b'{"notes": 3}', b"\xff\xfe", b"[]"])
def test_what_is_no_note_is_shown_and_never_replaced(run, content):
    sidecar(run).write_bytes(content)
    found = row(run)
    assert found["outcome"] == "finished"
    assert "a.h5.notes.json cannot be read as notes" in found["notes_problem"]
    with pytest.raises(DataError, match="move it away"):
        write_notes(run, "new", ())
    assert sidecar(run).read_bytes() == content


def test_notes_need_a_file_to_be_about(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.h5: there is no such file"):
        write_notes(tmp_path / "nothing.h5", "x", ())
    assert not list(tmp_path.iterdir())


def test_notes_about_a_file_that_cannot_be_read_are_kept(tmp_path):
    (tmp_path / "bad.h5").write_bytes(b"not HDF5")
    write_notes(tmp_path / "bad.h5", "the disk was full", ())
    assert row(tmp_path / "bad.h5")["notes"] == "the disk was full"


@pytest.mark.parametrize("tag", ["", "  ", "x" * 101])
def test_a_tag_is_a_word(run, tag):
    with pytest.raises(InputError, match=r"note\.tags\.0"):
        parse({"ask": "note", "file": run, "notes": "x", "tags": [tag]})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write")
def test_a_folder_that_cannot_be_written_is_an_error(run):
    run.parent.chmod(0o500)
    with pytest.raises(InputError, match="the notes cannot be written"):
        write_notes(run, "x", ())
