"""Measuring from a notebook."""

import pytest

from app import lab
from app.errors import InputError


def test_a_protocol_in_a_run_out_in_four_lines(tmp_path):
    run = lab.run("ltp-ltd", states="500, open", up=20, down=20, sample="D7", out=tmp_path)
    assert run.outcome == "finished"
    assert len(lab.analyse(run).table().rows) == 2
    assert lab.figure(run).axes
    page = run._repr_html_()
    for text in ("ltp-ltd", "D7", "finished", "SIMULATED"):
        assert text in page


def test_text_in_a_run_is_escaped_when_shown(tmp_path):
    run = lab.run("ltp-ltd", states="open", up=5, down=0, sample="<b>&", out=tmp_path / "a.h5")
    assert "&lt;b&gt;&amp;" in run._repr_html_()


def test_bad_input_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no parameter 'widht'"):
        lab.run("ltp-ltd", widht="3 ms", out=tmp_path)
    assert not list(tmp_path.iterdir())
