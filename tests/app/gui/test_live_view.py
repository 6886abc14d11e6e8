"""The live view, driven as the window drives it: with blocks, the mouse and the keyboard."""

import numpy as np
import pytest
from live_run import LiveRun, columns

from analysis.colours import blend
from app.gui import theme
from app.gui.binding import QtCore, QtGui, QtWidgets
from app.gui.live_plot import LivePlot
from app.gui.live_view import EMPTY_TEXT, LiveView, Mode
from data.samples import Flag
from protocols.program import Instant

Key = QtCore.Qt.Key


@pytest.fixture(scope="module")
def run():
    """Two states of 20 pulses up and 10 down on the simulated rig."""
    return LiveRun("ltp-ltd", states="500, open", up="20", down="10")


@pytest.fixture
def view(qtbot):
    view = LiveView()
    qtbot.addWidget(view)
    view.resize(800, 500)
    with qtbot.waitExposed(view):
        view.show()
    return view


def feed(view, run, blocks=slice(None)):
    for first_row, block in run.blocks[blocks]:
        view.append(run.header["run"], first_row, block)


def plot(view):
    return view.findChild(LivePlot, "live_plot")


def text(view, name):
    return view.findChild(QtWidgets.QLabel, f"live_{name}").text()


def drawn(view):
    return {key: (x.tolist(), y.tolist()) for key, (x, y) in plot(view).drawn.items()}


def press(qtbot, view, key):
    qtbot.keyClick(plot(view), key)


def pixel(view, x, y):
    """Colour at a place of the axes."""
    p = plot(view)
    at = p.mapFromScene(p.box.mapViewToScene(QtCore.QPointF(x, y)))
    return p.grab().toImage().pixelColor(at).name()


def psv(run, resistance):
    c = run.columns
    chosen = (c["pulse_index"] > 0) & (c["instant"] == Instant.GAP_END)
    return c["voltage"][chosen & (c["resistance"] == resistance)]


def test_before_the_first_run_it_says_what_to_do(view):
    view.refresh()
    assert text(view, "hint") == EMPTY_TEXT
    assert not plot(view).isVisible()
    view.set_empty_text("Press Ctrl+Enter to run LTP/LTD on bench.toml.")
    assert "bench.toml" in text(view, "hint")


def test_a_run_is_seen_pulse_by_pulse_in_the_order_of_its_states(qtbot, view, run):
    view.begin(run.header)
    feed(view, run)
    assert drawn(view) == {}  # nothing is drawn before the timer fires
    qtbot.waitUntil(lambda: bool(drawn(view)))
    seen = drawn(view)
    assert set(seen) == {500.0, np.inf}
    for first, resistance in ((1, 500.0), (31, np.inf)):
        x, y = seen[resistance]
        assert x == list(range(first, first + 30))
        np.testing.assert_array_equal(y, psv(run, resistance))
    assert text(view, "counts") == f"{run.rows} readings, 60 pulses"
    assert "ltp-ltd, MX-12" in text(view, "headline")
    assert view.findChild(QtWidgets.QLabel, "live_simulated").isVisible()


def test_every_mode_shows_the_same_readings_and_switching_keeps_them(view, run):
    view.begin(run.header)
    feed(view, run, slice(0, 8))
    view.set_mode(Mode.STATES)
    feed(view, run, slice(8, None))
    view.refresh()
    for resistance in (500.0, np.inf):
        x, y = drawn(view)[resistance]
        assert x == list(range(1, 31))
        np.testing.assert_array_equal(y, psv(run, resistance))
    view.set_mode(Mode.TRACE)
    view.refresh()
    x, y = drawn(view)[None]
    time, voltage = run.columns["time"], run.columns["voltage"]
    assert (x[0], x[-1]) == (time[0], time[-1])
    assert (min(y), max(y)) == (voltage.min(), voltage.max())
    view.set_mode(Mode.PULSES)
    view.refresh()
    assert drawn(view)[500.0][0] == list(range(1, 31))


def test_axes_have_units_and_prefixes(view, run):
    view.begin(run.header)
    feed(view, run)
    for mode, x in ((Mode.PULSES, "Pulses read"), (Mode.TRACE, "Time (s)")):
        view.set_mode(mode)
        view.refresh()
        assert "(mV)" in plot(view).left.labelString()
        assert x in plot(view).bottom.labelString()


def test_follow_ends_when_the_person_zooms_and_comes_back_on_demand(qtbot, view, run):
    follow = view.findChild(QtWidgets.QCheckBox, "live_follow")
    view.begin(run.header)
    feed(view, run, slice(0, -3))
    view.refresh()
    assert follow.isChecked()
    plot(view).setFocus()
    press(qtbot, view, Key.Key_Plus)
    assert not follow.isChecked()
    kept = plot(view).box.viewRange()
    feed(view, run, slice(-3, None))
    view.refresh()
    assert plot(view).box.viewRange() == kept
    qtbot.mouseClick(follow, QtCore.Qt.MouseButton.LeftButton, pos=QtCore.QPoint(8, 8))
    assert follow.isChecked()
    view.refresh()
    # All of it, with room for what may come until the run has ended.
    (lo, hi), _ = plot(view).box.viewRange()
    assert lo == 1
    assert 60 < hi < 66
    view.end(1, "finished")
    view.refresh()
    assert plot(view).box.viewRange()[0] == [1, 60]
    press(qtbot, view, Key.Key_Minus)
    assert not follow.isChecked()
    press(qtbot, view, Key.Key_Home)
    assert follow.isChecked()


def test_follow_ends_when_the_person_drags_or_turns_the_wheel(qtbot, view, run):
    follow = view.findChild(QtWidgets.QCheckBox, "live_follow")
    view.begin(run.header)
    feed(view, run)
    view.refresh()
    middle = QtCore.QPoint(400, 150)
    viewport = plot(view).viewport()
    event = QtGui.QWheelEvent(
        QtCore.QPointF(middle), QtCore.QPointF(viewport.mapToGlobal(middle)), QtCore.QPoint(),
        QtCore.QPoint(0, 120), QtCore.Qt.MouseButton.NoButton,
        QtCore.Qt.KeyboardModifier.NoModifier, QtCore.Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QtWidgets.QApplication.sendEvent(viewport, event)
    assert not follow.isChecked()
    follow.setChecked(True)
    view.refresh()
    button = QtCore.Qt.MouseButton.LeftButton
    qtbot.mousePress(viewport, button, pos=middle)
    for step in (20, 40, 60):
        drag = QtGui.QMouseEvent(
            QtCore.QEvent.Type.MouseMove, QtCore.QPointF(middle + QtCore.QPoint(step, 0)),
            QtCore.Qt.MouseButton.NoButton, button, QtCore.Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QtWidgets.QApplication.sendEvent(viewport, drag)
    qtbot.mouseRelease(viewport, button, pos=middle + QtCore.QPoint(60, 0))
    assert not follow.isChecked()


def test_each_mode_remembers_what_the_person_looked_at(qtbot, view, run):
    view.begin(run.header)
    feed(view, run)
    view.refresh()
    press(qtbot, view, Key.Key_Plus)
    kept = plot(view).box.viewRange()
    view.set_mode(Mode.TRACE)
    view.refresh()
    assert view.findChild(QtWidgets.QCheckBox, "live_follow").isChecked()
    view.set_mode(Mode.PULSES)
    view.refresh()
    assert not view.findChild(QtWidgets.QCheckBox, "live_follow").isChecked()
    assert plot(view).box.viewRange() == kept


def test_the_cursor_tells_pulse_voltage_and_state(qtbot, view, run):
    view.begin(run.header)
    feed(view, run)
    view.refresh()
    press(qtbot, view, Key.Key_Right)
    first = psv(run, 500.0)[0]
    assert text(view, "reading") == f"pulse 1 · {first * 1e3:.4g} mV · R = 500 Ω"
    press(qtbot, view, Key.Key_Right)
    assert text(view, "reading").startswith("pulse 2 · ")
    press(qtbot, view, Key.Key_Left)
    assert text(view, "reading").startswith("pulse 1 · ")
    p, last = plot(view), psv(run, np.inf)[-1]
    at = p.mapFromScene(p.box.mapViewToScene(QtCore.QPointF(59.8, last)))
    qtbot.mouseMove(p.viewport(), at)
    volts = f"{last * 1e3:.4g} mV".replace("-", "\N{MINUS SIGN}")
    assert text(view, "reading") == f"pulse 60 · {volts} · R = open"
    view.set_mode(Mode.TRACE)
    view.refresh()
    assert text(view, "reading") == ""
    press(qtbot, view, Key.Key_Right)
    assert text(view, "reading").endswith("R = open")
    assert text(view, "reading").startswith(f"{run.columns['time'][0] * 1e3:.7g} ms · ")


def test_flagged_readings_are_marked_and_counted_in_words(qtbot, view, run):
    view.begin(run.header)
    flags = np.zeros(4, np.uint8)
    flags[1:] = Flag.LIMIT, Flag.LATE, Flag.OVERRUN
    view.append(1, 0, columns(
        4, time=np.arange(4.0), pulse_index=[1, 2, 3, 4], instant=Instant.GAP_END,
        voltage=[0.1, 0.8, 0.2, 0.3], resistance=500.0, flags=flags,
    ))  # fmt: skip
    for mode, places in (
        (Mode.PULSES, [2, 3, 4]),
        (Mode.STATES, [2, 3, 4]),
        (Mode.TRACE, [1, 2, 3]),
    ):
        view.set_mode(mode)
        view.refresh()
        marked = {f: (x.tolist(), y.tolist()) for f, (x, y) in plot(view).marked.items()}
        assert marked == {
            Flag.LIMIT: ([places[0]], [0.8]), Flag.LATE: ([places[1]], [0.2]),
            Flag.OVERRUN: ([places[2]], [0.3]),
        }  # fmt: skip
        assert text(view, "alarms") == (
            "▲ 1 reading in compliance · ◆ 1 reading late · □ 1 reading with a trigger overrun"
        )
        assert view.findChild(QtWidgets.QLabel, "live_alarms").isVisible()
    press(qtbot, view, Key.Key_Right)
    assert "compliance" not in text(view, "reading")
    press(qtbot, view, Key.Key_Right)
    assert text(view, "reading") == "1 s · 800 mV · R = 500 Ω · in compliance"


def test_bands_have_the_colours_of_their_states(view, run):
    view.begin(run.header)
    feed(view, run)
    view.set_mode(Mode.TRACE)
    view.refresh()
    c, look = run.columns, theme.current()
    low = plot(view).box.viewRange()[1][0] * 0.98
    colours = dict(zip((500.0, np.inf), look.figure.ordered(2), strict=True))
    for resistance, colour in colours.items():
        times = c["time"][c["resistance"] == resistance]
        seen = QtGui.QColor(pixel(view, (times[-30] + times[-1]) / 2, low))
        wanted = QtGui.QColor(blend(look.field, colour, 0.16))
        # The screen rounds the mixture of two colours.
        assert max(abs(a - b) for a, b in zip(seen.getRgb(), wanted.getRgb(), strict=True)) <= 3


@pytest.mark.parametrize("mode", list(Mode))
def test_light_and_dark_take_effect_at_once(qapp, qtbot, view, run, mode):
    view.begin(run.header)
    feed(view, run)
    view.set_mode(mode)
    view.refresh()
    try:
        for dark in (True, False):
            theme.apply(qapp, dark)
            view.refresh()
            look = theme.look(dark)
            image = plot(view).grab().toImage()
            assert image.pixelColor(4, 4).name() == look.field
            inks = {image.pixelColor(x, y).name() for x in range(image.width())
                    for y in range(image.height())}  # fmt: skip
            curves = [look.text] if mode is Mode.TRACE else look.figure.ordered(2)
            assert set(curves) <= inks
    finally:
        theme.apply(qapp, False)


def test_a_late_block_is_harmless(qtbot, view, run):
    view.begin(run.header)
    feed(view, run, slice(0, 5))
    view.clear()
    feed(view, run, slice(5, 6))
    view.end(1, "aborted")
    view.refresh()
    assert text(view, "hint") == EMPTY_TEXT
    assert text(view, "counts") == text(view, "headline") == ""
    # Of the run before, while the next one is shown already.
    view.begin(run.header | {"run": 2})
    feed(view, run)
    view.refresh()
    assert text(view, "counts") == "0 readings, 0 pulses"
    # Once more, after the end of the run it is of.
    view.begin(run.header)
    feed(view, run)
    view.end(1, "finished")
    feed(view, run, slice(-2, None))
    view.refresh()
    assert text(view, "counts") == f"{run.rows} readings, 60 pulses"
    assert text(view, "headline").endswith("finished")


def test_a_block_after_the_view_is_gone_is_harmless(qtbot, run):
    view = LiveView()
    view.begin(run.header)
    view.show()
    feed(view, run, slice(0, 5))
    with qtbot.waitSignal(view.destroyed):
        view.deleteLater()
    feed(view, run, slice(5, None))
    view.end(1, "finished")
    view.clear()
    view.begin(run.header)


def test_a_window_that_attaches_again_reads_the_file_first(view, run):
    view.begin(run.header)
    first = run.blocks[9][0]
    view.expect_recorded(1, first)
    feed(view, run, slice(9, None))
    view.refresh()
    assert f"({first:,} readings)" in text(view, "hint")
    feed(view, run, slice(0, 10))  # one of them is known already
    view.refresh()
    assert text(view, "counts") == f"{run.rows} readings, 60 pulses"
    np.testing.assert_array_equal(drawn(view)[500.0][1], psv(run, 500.0))
    assert not view.findChild(QtWidgets.QLabel, "live_alarms").isVisible()


def test_when_the_file_cannot_be_read_it_says_so_and_goes_on(view, run):
    first = run.blocks[9][0]
    view.begin(run.header, rows_in_file=first)
    feed(view, run, slice(9, None))
    view.give_up_recorded(1, "the library does not answer")
    view.refresh()
    assert drawn(view)
    assert "the library does not answer" in text(view, "alarms")
    assert f"{first:,} readings did not reach the window" in text(view, "alarms")


def test_a_run_without_pulses_says_where_its_readings_are(view, run):
    view.begin(run.header)
    view.append(1, 0, columns(3, time=[0.0, 1, 2], instant=Instant.REST, voltage=1e-3))
    view.refresh()
    assert text(view, "hint").startswith("No reading yet at the end of a pulse's gap.")
    view.end(1, "finished")
    view.refresh()
    assert text(view, "hint").startswith("This run has no reading at the end of a pulse's gap.")
    view.set_mode(Mode.TRACE)
    view.refresh()
    assert drawn(view)[None][0] == [0, 1, 2]


def test_what_is_drawn_is_bounded_and_keeps_the_odd_reading(view, run):
    view.begin(run.header)
    view.set_mode(Mode.TRACE)
    n = 200_000
    for k in range(5):
        voltage = np.full(n, 0.1)
        if k == 2:
            voltage[77_777] = 0.7
        time = (np.arange(n) + k * n) * 1e-3
        view.append(1, k * n, columns(n, time=time, voltage=voltage, resistance=500.0))
    view.refresh()
    x, y = plot(view).drawn[None]
    assert len(x) <= 2 * plot(view).pixels + 4
    assert x[np.argmax(y)] == pytest.approx(477.777)
    assert y.max() == 0.7


def test_hidden_it_takes_the_readings_and_draws_them_when_it_is_seen(qtbot, view, run):
    view.begin(run.header)
    view.hide()
    feed(view, run)
    qtbot.wait(100)
    assert drawn(view) == {}
    view.show()
    qtbot.waitUntil(lambda: text(view, "counts") == f"{run.rows} readings, 60 pulses")
    assert set(drawn(view)) == {500.0, np.inf}
