"""What is shown as files: at publication size, with units and provenance, never over a file."""

import csv
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text
from PIL import Image

from app.errors import InputError
from app.library.columns import chart_csv
from app.library.compare import compare
from app.library.figure import draw
from app.library.library import Library
from app.library.requests import parse
from app.library.results import Results
from data.reader import open_run

KINDS = ("ltp-ltd", "ppf", "iv-sweep", "rates", "retention")
CUT = ("ltp-ltd cut", "ppf cut", "iv-sweep cut", "retention cut")


def export(to, source, dark=False):
    Library().answer(parse({"ask": "export", "to": to, "source": source, "dark": dark}))
    return to


def source_of(runs, kind):
    return {
        "chart": {"ask": "chart", "file": runs["ppf"]},
        "compare": {"ask": "compare", "files": [runs["ltp-ltd"], runs["width"]], "what": "psv"},
        "picture": {"ask": "picture", "file": runs["width"]},
        "figure of a chart": {"ask": "chart", "file": runs["width"]},
        "readings": {"ask": "readings", "file": runs["ppf"]},
    }[kind]


def read(path):
    """Lines of remarks, headings, and rows of a CSV file."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    remarks = [line.removeprefix("# ") for line in lines if line.startswith("#")]
    heads, *rows = csv.reader(lines[len(remarks) :])
    return remarks, heads, rows


def column(table, name):
    _, heads, rows = table
    k = heads.index(name)
    return [row[k] for row in rows if row[k]]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", ["chart", "compare", "picture", "figure of a chart"])
def test_a_picture_has_publication_size_and_says_where_it_is_from(runs, tmp_path, kind, dark):
    source = source_of(runs, kind)
    with Image.open(export(tmp_path / "a.png", source, dark)) as image:
        assert image.width == pytest.approx(180 / 25.4 * 300, abs=1)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert "SIMULATED" in image.info["Description"]
        corner = image.convert("RGB").getpixel((0, 0))
    assert corner == ((0x16, 0x18, 0x1D) if dark else (255, 255, 255))


@pytest.mark.parametrize("kind", ["chart", "picture"])
def test_text_of_a_drawing_stays_text(runs, tmp_path, kind):
    source = source_of(runs, kind)
    # In the drawing, not in its metadata alone.
    assert ">SIMULATED</text>" in export(tmp_path / "a.svg", source).read_text(encoding="utf-8")
    assert export(tmp_path / "a.pdf", source).read_bytes().startswith(b"%PDF")


def test_units_stand_at_the_axes(runs, tmp_path):
    text = export(tmp_path / "a.svg", source_of(runs, "chart")).read_text(encoding="utf-8")
    for label in ("Interval (s)", "PSV (mV)", "Time (ms)", "PPF index A2/A1", "Gerät ppf"):
        assert f"{label}" in text


def test_a_run_on_real_instruments_is_not_marked(runs, tmp_path):
    source = {"ask": "chart", "file": runs["real"]}
    assert "SIMULATED" not in export(tmp_path / "a.svg", source).read_text(encoding="utf-8")
    assert "SIMULATED" not in export(tmp_path / "a.csv", source).read_text(encoding="utf-8")


def test_a_table_of_a_chart_has_its_numbers_in_si_units(runs, tmp_path):
    table = read(export(tmp_path / "a.csv", source_of(runs, "chart")))
    remarks, heads, rows = table
    run = open_run(runs["ppf"])
    assert remarks[0] == f"the table begins after {len(remarks)} lines that begin with #"
    assert "SIMULATED" in remarks
    assert f"file: {runs['ppf']}" in remarks
    assert any(run.info.run_id[:8] in line and "Gerät ppf" in line for line in remarks)
    chart = Results().of(runs["ppf"], "main").chart()
    (index,), (cells, _) = chart.rows
    data = next(c for c in index.curves if c.role == "data")
    assert column(table, "a: 500 Ω: Interval (s)") == [str(x) for x in data.x.tolist()]
    assert column(table, "a: 500 Ω: PPF index A2/A1") == [str(y) for y in data.y.tolist()]
    assert len(column(table, "a: 500 Ω (fit): Interval (s)")) == 300
    values = column(table, "b: PPF index A2/A1")
    assert [float(v) for v in values] == cells.cells.values.ravel().tolist()
    assert column(table, "b: R") == ["500 Ω"] * 7 + ["7 kΩ"] * 7 + ["open"] * 7
    ends = [float(v) for v in column(table, "b: to Interval (s)")]
    assert ends[:7] == cells.cells.x_edges[1:].tolist()
    assert all(len(row) == len(heads) for row in rows)


def test_branches_of_a_state_and_intervals_of_a_measure_stand_in_columns(runs, tmp_path):
    source = {"ask": "chart", "file": runs["ltp-ltd"]}
    table = read(export(tmp_path / "a.csv", source))
    assert [float(x) for x in column(table, "a: open: Pulse number")] == list(range(1, 81))
    assert column(table, "c: LTP: NL: R (ohm)")[-1] == "open"
    values, low, high = (
        np.array(column(table, f"c: LTP: NL: Non-linearity NL{end}"), float)
        for end in ("", " low", " high")
    )
    assert np.all(low <= values)
    assert np.all(values <= high)


def test_a_table_of_a_comparison_names_the_runs(runs, tmp_path):
    table = read(export(tmp_path / "a.csv", source_of(runs, "compare")))
    run = open_run(runs["ltp-ltd"])
    name = f"a: Gerät ltp-ltd, {run.info.preset}: PSV (V)"
    assert len(column(table, name)) == 80


def test_a_table_of_a_picture_is_that_of_its_measures(runs, tmp_path):
    remarks, heads, rows = read(export(tmp_path / "a.csv", source_of(runs, "picture")))
    assert heads[:2] == ["R", "width"]
    assert [row[0] for row in rows] == ["500 ohm", "open"]
    assert "SIMULATED" in remarks


def test_readings_are_exported_in_full_or_in_part(runs, tmp_path):
    run, source = open_run(runs["ppf"]), source_of(runs, "readings")
    whole = read(export(tmp_path / "a.csv", source))
    assert [float(v) for v in column(whole, "voltage (V)")] == run.samples.voltage.tolist()
    assert run.info.run_id in whole[0][0]
    assert "SIMULATED" in whole[0][1]
    part = read(export(tmp_path / "b.csv", {**source, "first": 5, "last": 9}))
    assert [float(v) for v in column(part, "time (s)")] == run.samples.time[5:9].tolist()


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "csv"])
def test_an_export_never_replaces_a_file(runs, tmp_path, ending):
    (tmp_path / f"a.{ending}").write_bytes(b"mine")
    with pytest.raises(InputError, match=rf"a\.{ending} exists and is never replaced"):
        export(tmp_path / f"a.{ending}", source_of(runs, "chart"))
    assert (tmp_path / f"a.{ending}").read_bytes() == b"mine"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("chart", "a.xlsx", r"as \.png, \.svg, \.pdf, \.csv, not as '\.xlsx'"),
        ("chart", "a", "not as ''"),
        ("readings", "a.png", r"as \.csv, not as '\.png'"),
        ("chart", "nowhere/a.png", "cannot be written: No such file"),
    ],
)
def test_what_cannot_be_exported_is_refused(runs, tmp_path, kind, name, says):
    with pytest.raises(InputError, match=says):
        export(tmp_path / name, source_of(runs, kind))
    assert not list(tmp_path.iterdir())


def shown(figure):
    """Texts with their boxes; labels of ticks outside an axis are not drawn."""
    outside = set()
    for axis in (a for one in figure.findobj(Axes) for a in (one.xaxis, one.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low <= tick.get_loc() <= high:
                outside |= {id(tick.label1)}
    found = [
        (t.get_text(), t.get_window_extent())
        for t in figure.findobj(Text)
        if t.get_visible() and t.get_text().strip() and id(t) not in outside
    ]
    return [(text, box) for text, box in found if box.width]


def assert_readable(figure):
    figure.canvas.draw()
    texts = shown(figure)
    for text, box in texts:
        assert figure.bbox.x0 <= box.x0, text
        assert box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0, text
        assert box.y1 <= figure.bbox.y1, text
    for (a, box), (b, other) in combinations(texts, 2):
        assert not box.overlaps(other), f"{a!r} over {b!r}"


@pytest.mark.parametrize("kind", [*KINDS, *CUT])
def test_charts_are_readable_on_paper(runs, kind):
    chart = Results().of(runs[kind], "main").chart()
    assert_readable(draw(chart, dark=kind in CUT))


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (("ltp-ltd", "real", "ltp-ltd cut", "width"), "psv"),
        (("ltp-ltd",), "psv"),
        (("ltp-ltd", "retention"), "trace"),
        (("iv-sweep", "rates"), "iv"),
    ],
)
def test_comparisons_are_readable_on_paper(runs, names, what):
    chart = compare([open_run(runs[name]) for name in names], what)
    assert_readable(draw(chart))
    assert chart_csv(chart)
