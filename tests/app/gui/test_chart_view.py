"""Charts in the window: true places on log axes, residuals linked, words for everything."""

import numpy as np
import pytest
from matplotlib import colormaps

from analysis.colours import state_colours
from app.gui import theme
from app.gui.binding import QtCore, QtGui, QtWidgets, pg
from app.gui.chart_view import ChartView
from app.gui.legend import Legend
from app.library.chart import Axis, Cells, Chart, Curve, Panel

Key = QtCore.Qt.Key
SHORT, LONG = 1e-3, 10.0
STATES = (500.0, 8000.0, np.inf)
PULSE, PSV = Axis("Pulse number"), Axis("PSV", "V")


@pytest.fixture
def view(qtbot):
    view = ChartView()
    qtbot.addWidget(view)
    view.resize(900, 900)
    with qtbot.waitExposed(view):
        view.show()
    return view


def text(view, name):
    return view.findChild(QtWidgets.QLabel, f"chart_{name}").text()


def level(y, name=""):
    return Curve(name, np.array([-np.inf, np.inf]), np.array([y, y]), "guide")


def fitted():
    """Data with a fit and its residuals below, as of LTP/LTD."""
    x = np.arange(1.0, 11.0)
    data = [Curve("500 Ω", x, 0.01 * x, marks=True, line=False, state=500.0),
            Curve("500 Ω", x, 0.0101 * x, "fit", state=500.0),
            Curve("open", x, 0.03 * x, marks=True, line=False, state=np.inf)]  # fmt: skip
    residual = Curve("500 Ω", x, -0.0001 * x, state=500.0)
    return Chart(
        "LTP/LTD",
        ((Panel("", PULSE, PSV, (level(0.0), *data)),),
         (Panel("", PULSE, Axis("Data minus fit", "V"), (residual,), height=0.6),)),
        columns=("R", "NL"), table=(("500 Ω", "1.8 [1.7, 1.9]"), ("open", "0.3")),
        notes=("open: partial",), origin="run 1234abcd", conditions="1 mA, 20 ms on",
        alert="SIMULATED", files=("run.h5",),
    )  # fmt: skip


def page(*panels):
    return Chart("Page", tuple((panel,) for panel in panels))


def cells_of(values, x, y):
    cells = Cells(np.asarray(x), np.asarray(y), np.asarray(values), "PPF index", "")
    return Panel("", Axis("Interval", "s", log=True), Axis("R", "ohm", log=True), cells=cells)


def screen_x(plot, x):
    """Where a place along x is between the axes, in shares of the length."""
    (lo, hi), _ = plot.box.viewRange()
    return (x - lo) / (hi - lo)


def colour_at(plot, x, y):
    at = plot.mapFromScene(plot.box.mapViewToScene(QtCore.QPointF(x, y)))
    return plot.grab().toImage().pixelColor(at)


def colours_around(plot, x, y):
    """Colours within two pixels of a place: a line a pixel wide may lie beside it."""
    at = plot.mapFromScene(plot.box.mapViewToScene(QtCore.QPointF(x, y)))
    image = plot.grab().toImage()
    return {
        image.pixelColor(at.x() + dx, at.y() + dy).name()
        for dx in range(-2, 3)
        for dy in range(-2, 3)
    }


def test_without_a_chart_it_says_what_fills_the_page(view):
    view.show_chart(None, "Select a PPF run below.")
    assert text(view, "empty") == "Select a PPF run below."
    view.show_chart(fitted())
    assert not view.findChild(QtWidgets.QLabel, "chart_empty").isVisible()
    view.show_chart(None, "It cannot be read: cut short.")
    assert text(view, "empty") == "It cannot be read: cut short."
    assert view.plots == []
    assert not view.findChild(QtWidgets.QLabel, "chart_alert").isVisible()


def test_provenance_and_what_must_not_be_overlooked_are_there_in_words(view):
    view.show_chart(fitted())
    assert text(view, "alert") == "SIMULATED"
    assert view.findChild(QtWidgets.QLabel, "chart_alert").isVisible()
    assert text(view, "title") == "LTP/LTD"
    assert text(view, "origin") == "1 mA, 20 ms on · run 1234abcd"
    assert text(view, "notes") == "open: partial"


def test_residuals_stand_below_their_data_and_move_with_them(view):
    view.show_chart(fitted())
    data, residuals = view.plots
    data.box.setXRange(3, 5, padding=0)
    assert residuals.box.viewRange()[0] == data.box.viewRange()[0] == [3, 5]
    # Only the lower one carries the numbers, and both begin at one place.
    assert not data.bottom.label.isVisible()
    assert residuals.bottom.label.isVisible()
    left = [p.mapTo(view, p.mapFromScene(p.box.sceneBoundingRect().topLeft())).x()
            for p in view.plots]  # fmt: skip
    assert left[0] == left[1]


def test_panels_of_another_axis_are_not_linked(view):
    curve = Curve("a", np.arange(3.0), np.arange(3.0))
    view.show_chart(page(Panel("", PULSE, PSV, (curve,)), Panel("", Axis("x"), PSV, (curve,))))
    one, other = view.plots
    kept = other.box.viewRange()
    one.box.setXRange(1, 2, padding=0)
    assert other.box.viewRange() == kept


def test_cells_are_as_wide_as_the_logarithmic_axis_makes_them(view):
    edges = [SHORT, 2e-3, 0.1, LONG]
    view.show_chart(page(cells_of([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]], edges, [100.0, 1e3, 1e5])))
    (plot,) = view.plots
    assert [screen_x(plot, np.log10(e)) for e in edges] == pytest.approx(
        [np.log10(e / SHORT) / 4 for e in edges]
    )
    cividis = colormaps["cividis"]
    for row, y in enumerate((200.0, 2e4)):
        for column, x in enumerate((1.4e-3, 0.05, 9.0)):
            share = ((1, 2, 3), (3, 2, 1))[row][column] / 2 - 0.5
            wanted = [round(255 * part) for part in cividis(share)[:3]]
            seen = colour_at(plot, np.log10(x), np.log10(y)).getRgb()[:3]
            # pyqtgraph's table of the map is an older one than matplotlib's.
            assert np.abs(np.subtract(seen, wanted)).max() <= 16
    # Just before and behind the second edge: even cells would have theirs elsewhere.
    before, behind = (colour_at(plot, np.log10(2e-3) + d, 2.5).name() for d in (-0.02, 0.02))
    assert before != behind


def test_a_cell_without_a_measurement_is_left_empty(view):
    view.show_chart(page(cells_of([[1.0, np.nan]], [1.0, 10.0, 100.0], [1.0, 10.0])))
    (plot,) = view.plots
    assert colour_at(plot, 1.5, 0.5).name() == theme.current().field
    assert colour_at(plot, 0.5, 0.5).name() != theme.current().field


def test_cells_of_nothing_are_a_page_all_the_same(view):
    view.show_chart(page(cells_of([[np.nan, np.nan]], [1.0, 10.0, 100.0], [1.0, 10.0])))
    view.grab()
    assert len(view.plots) == 1


def test_the_colour_bar_says_what_and_in_which_unit(view):
    cells = Cells(np.array([1.0, 2, 3]), np.array([0.0, 1]), np.array([[0.1, 0.4]]), "PSV", "V")
    view.show_chart(page(Panel("", Axis("x"), Axis("y"), cells=cells)))
    (bar,) = [w for w in view.findChildren(pg.PlotWidget) if w not in view.plots]
    assert "PSV (mV)" in bar.getAxis("right").labelString()
    assert bar.getAxis("right").range == [0.1, 0.4]


def test_the_cursor_tells_the_cell_that_it_is_in(qtbot, view):
    # 0.9 s lies in the third cell, though the middle of the second is nearer in seconds.
    view.show_chart(page(cells_of([[1.0, 2.0, 3.0]], [SHORT, 0.1, 0.8, LONG], [100.0, 1e4])))
    (plot,) = view.plots
    at = plot.mapFromScene(plot.box.mapViewToScene(QtCore.QPointF(np.log10(0.9), 3.5)))
    qtbot.mouseMove(plot.viewport(), at)
    assert text(view, "reading") == "Interval: 2.8284 s · R: 1 kΩ · PPF index: 3"
    qtbot.keyClick(plot, Key.Key_Left)
    assert text(view, "reading").endswith("PPF index: 2")


def test_the_cursor_tells_name_place_and_interval(qtbot, view):
    x, y = np.array([500.0, 8e3, 2e4]), np.array([1.8, 0.4, 0.3])
    axis = Axis("R", "ohm", log=True, ticks=((500.0, "500"), (8e3, "8k"), (2e4, "open")))
    curve = Curve("LTP", x, y, marks=True, line=False, low=y - 0.1,
                  high=np.array([1.9, np.nan, 0.4]))  # fmt: skip
    view.show_chart(page(Panel("", axis, Axis("NL"), (curve,))))
    (plot,) = view.plots
    found = []
    for _ in range(3):
        qtbot.keyClick(plot, Key.Key_Right)
        found.append(text(view, "reading"))
    assert found == [
        "LTP · R: 500Ω · NL: 1.8 · from 1.7 to 1.9", "LTP · R: 8kΩ · NL: 0.4",
        "LTP · R: open · NL: 0.3 · from 0.2 to 0.4",
    ]  # fmt: skip


def test_up_and_down_change_the_curve(qtbot, view):
    view.show_chart(fitted())
    plot = view.plots[0]
    seen = []
    for key in (Key.Key_Right, Key.Key_Down, Key.Key_Down, Key.Key_Up):
        qtbot.keyClick(plot, key)
        seen.append(text(view, "reading"))
    assert seen == [
        "500 Ω · Pulse number: 1 · PSV: 10 mV", "500 Ω (fit) · Pulse number: 1 · PSV: 10.1 mV",
        "open · Pulse number: 1 · PSV: 30 mV", "500 Ω (fit) · Pulse number: 1 · PSV: 10.1 mV",
    ]  # fmt: skip


def test_points_are_at_their_places_on_a_logarithmic_axis_and_intervals_are_in_view(view):
    x, y = np.array([1e-3, 1e-1, 1e1]), np.array([1.0, 10.0, 100.0])
    curve = Curve("read", x, y, marks=True, line=False, low=y / 10, high=y * 10)
    panel = Panel("", Axis("t", "s", log=True), Axis("V", "V", log=True), (curve, level(1e-6)))
    view.show_chart(page(panel))
    (plot,) = view.plots
    (x_lo, x_hi), (y_lo, y_hi) = plot.box.viewRange()
    assert x_lo < -3 < 1 < x_hi
    assert y_lo < -6 < 3 < y_hi
    colour = theme.current().figure.up
    for a, b in ((-3, 0), (-1, 1), (1, 2), (-1, 0.6), (-1, 1.4)):
        assert colour in colours_around(plot, a, b)


def test_an_interval_that_ends_below_a_logarithmic_axis_goes_out_of_view(view):
    x, y = np.array([1.0, 2.0]), np.array([10.0, 100.0])
    curve = Curve("read", x, y, marks=True, line=False, low=np.array([-5.0, 50.0]), high=y * 2)
    view.show_chart(page(Panel("", Axis("x"), Axis("V", "V", log=True), (curve,))))
    (plot,) = view.plots
    (y_lo, y_hi) = plot.box.viewRange()[1]
    assert 0 < y_lo < 1  # measured points decide what is in view
    assert theme.current().figure.up in colours_around(plot, 1.0, y_lo + 0.1 * (y_hi - y_lo))


def test_states_have_the_colours_of_figures_and_the_legend_their_names(view):
    curves = [
        Curve(name, np.arange(3.0), np.arange(3.0) + k, marks=True, state=state)
        for k, (name, state) in enumerate(zip(("500 Ω", "8 kΩ", "open"), STATES, strict=True))
    ]
    view.show_chart(page(Panel("", PULSE, PSV, tuple(curves))))
    (plot,) = view.plots
    (legend,) = [w for w in view.findChildren(Legend) if w.isVisible()]
    colours = state_colours(theme.current().figure, STATES)
    for k, (name, colour) in enumerate(zip(("500&nbsp;Ω", "8&nbsp;kΩ", "open"), colours,
                                           strict=True)):  # fmt: skip
        assert colour_at(plot, 1, 1 + k).name() == colour
        assert f"color:{colour}" in legend.text()
        assert name in legend.text()


def test_a_legend_never_lies_over_the_curves(view):
    view.show_chart(fitted())
    legends = [legend for legend in view.findChildren(Legend) if legend.isVisible()]
    assert legends
    for legend in legends:
        place = QtCore.QRect(legend.mapTo(view, QtCore.QPoint()), legend.size())
        for plot in view.plots:
            over = QtCore.QRect(plot.mapTo(view, QtCore.QPoint()), plot.size())
            assert not place.intersects(over)


def test_a_panel_with_nothing_to_show_says_why(view):
    view.show_chart(page(Panel("", PULSE, PSV, note="nothing was read")))
    assert view.plots == []
    assert "nothing was read" in [w.text() for w in view.findChildren(QtWidgets.QLabel)]


def test_the_table_is_copied_with_its_headings(qtbot, view):
    view.show_chart(fitted())
    view.table.setFocus()
    qtbot.keyClick(view.table, Key.Key_C, QtCore.Qt.KeyboardModifier.ControlModifier)
    clipboard = QtWidgets.QApplication.clipboard()
    assert clipboard.text() == "R\tNL\n500 Ω\t1.8 [1.7, 1.9]\nopen\t0.3"
    view.table.setRangeSelected(QtWidgets.QTableWidgetSelectionRange(0, 1, 1, 1), True)
    view.table.copy()
    assert clipboard.text() == "NL\n1.8 [1.7, 1.9]\n0.3"


def test_everything_comes_back_into_view_on_demand(qtbot, view):
    view.show_chart(fitted())
    whole = [plot.box.viewRange() for plot in view.plots]
    qtbot.keyClick(view.plots[0], Key.Key_Plus)
    assert view.plots[0].box.viewRange() != whole[0]
    button = view.findChild(QtWidgets.QPushButton, "chart_whole")
    qtbot.mouseClick(button, QtCore.Qt.MouseButton.LeftButton)
    assert [plot.box.viewRange() for plot in view.plots] == whole
    qtbot.keyClick(view.plots[0], Key.Key_Plus)
    qtbot.keyClick(view.plots[0], Key.Key_Home)
    assert [plot.box.viewRange() for plot in view.plots] == whole


def test_the_wheel_scrolls_the_page_until_a_plot_was_chosen(qtbot, view):
    view.show_chart(fitted())
    plot = view.plots[0]

    def turn():
        at = QtCore.QPointF(plot.viewport().rect().center())
        event = QtGui.QWheelEvent(
            at, QtCore.QPointF(plot.viewport().mapToGlobal(at.toPoint())), QtCore.QPoint(),
            QtCore.QPoint(0, 120), QtCore.Qt.MouseButton.NoButton,
            QtCore.Qt.KeyboardModifier.NoModifier, QtCore.Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QtWidgets.QApplication.sendEvent(plot.viewport(), event)

    view.table.setFocus()
    before = plot.box.viewRange()
    turn()
    assert plot.box.viewRange() == before
    plot.setFocus()
    turn()
    assert plot.box.viewRange() != before


def test_a_long_curve_is_drawn_with_few_points_that_keep_its_extrema(qtbot, view):
    n = 20_000
    y = np.full(n, 0.1)
    y[12_345] = 0.7
    view.show_chart(page(Panel("", Axis("Time", "s"), PSV, (Curve("a", np.arange(n) * 1.0, y),))))
    (plot,) = view.plots

    def drawn():
        (line,) = [i for i in plot.scene().items() if isinstance(i, pg.PlotCurveItem)]
        return line.getData()

    qtbot.waitUntil(lambda: 0 < len(drawn()[0]) <= 2 * plot.pixels + 4)
    assert drawn()[1].max() == 0.7
    plot.box.setXRange(12_000, 12_100, padding=0)
    qtbot.waitUntil(lambda: len(drawn()[0]) == 103)


def test_light_and_dark_take_effect_at_once_and_keep_what_is_looked_at(qapp, qtbot, view):
    view.show_chart(fitted())
    view.plots[0].box.setXRange(2, 4, padding=0)
    try:
        for dark in (True, False):
            theme.apply(qapp, dark)
            look = theme.look(dark)
            qtbot.waitUntil(
                lambda look=look: (
                    view.plots[0].grab().toImage().pixelColor(4, 4).name() == look.field
                )
            )
            (x_lo, x_hi), _ = view.plots[0].box.viewRange()
            assert (x_lo, x_hi) == (2, 4)
            colour = look.figure.ordered(2)[1]
            qtbot.waitUntil(
                lambda colour=colour: colour_at(view.plots[0], 3, 0.09).name() == colour
            )
    finally:
        theme.apply(qapp, False)
