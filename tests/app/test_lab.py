"""Measuring from a notebook."""

import pytest

from app import lab
from app.commands.analyse import draw_file
from app.errors import InputError


def test_a_protocol_in_a_run_out_in_four_lines(tmp_path):
    run = lab.run("ltp-ltd", states="500, open", up=20, down=20, sample="D7", out=tmp_path)
    assert run.outcome == "finished"
    assert len(lab.analyse(run).table().rows) == 2
    assert lab.figure(run).axes
    page = run._repr_html_()
    for text in ("ltp-ltd", "D7", "finished", "SIMULATED"):
        assert text in page
        assert text in repr(run)


def test_a_protocol_of_ones_own_names_the_file_by_its_protocol(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from typing import ClassVar\n"
        "from protocols.ltp_ltd import LtpLtd\n"
        "class Mine(LtpLtd):\n"
        "    name: ClassVar[str] = 'mine'\n"
    )
    run = lab.run(f"{tmp_path / 'mine.py'}:Mine", states="open", up=2, down=2, out=tmp_path / "o")
    assert run.info.protocol == "mine"
    assert run.path.name.endswith("_mine.h5")
    with pytest.raises(InputError, match="there is no analysis for protocol 'mine'"):
        lab.analyse(run)


def test_text_in_a_run_is_escaped_when_shown(tmp_path):
    run = lab.run("ltp-ltd", states="open", up=5, down=0, sample="<b>&", out=tmp_path / "a.h5")
    assert "&lt;b&gt;&amp;" in run._repr_html_()


def test_a_run_that_waits_for_hands_is_refused(tmp_path):
    with pytest.raises(InputError, match="fmes run array"):
        lab.run("array", preset="by-hand", out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_bad_input_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no parameter 'widht'"):
        lab.run("ltp-ltd", widht="3 ms", out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_printed_measures_are_the_table_and_not_the_readings(tmp_path):
    run = lab.run("ltp-ltd", states="500", up=5, down=5, out=tmp_path / "a.h5")
    result = lab.analyse(run)
    heading, row, *notes = str(result).splitlines()
    assert heading.split()[:2] == ["R", "Wmax/Wmin"]
    assert row.startswith("500 ohm  ")
    assert tuple(notes) == result.table().notes


def test_a_figure_is_never_drawn_over_a_file(tmp_path):
    run = lab.run("ltp-ltd", states="500", up=5, down=5, out=tmp_path / "a.h5")
    (picture := tmp_path / "a.png").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"a\.png exists already"):
        draw_file(run.path, None, dark=False)
    assert picture.read_bytes() == b"mine"
