"""Both looks can be read: contrast from the very colours that are used, outlines from pixels."""

import subprocess
import sys

import pytest
from matplotlib import colormaps
from matplotlib.colors import to_rgb

from analysis.colours import DARK, LIGHT, contrast
from app.gui import theme
from app.gui.binding import QtCore, QtGui, QtWidgets

LOOKS = [theme.LIGHT_LOOK, theme.DARK_LOOK]
GROUNDS = ("window", "field", "button")
by_look = pytest.mark.parametrize("look", LOOKS, ids=["light", "dark"])


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def dressed(qapp, request):
    theme.apply(qapp, request.param)
    yield theme.current()
    theme.apply(qapp, False)


def test_contrast_is_that_of_wcag():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ff0000", "#0000ff") == contrast("#0000ff", "#ff0000")


@by_look
@pytest.mark.parametrize("ink", ["text", "good", "busy", "warning", "fault", "focus"])
def test_what_is_written_stands_out_from_everything_behind_it(look, ink):
    for ground in GROUNDS:
        assert contrast(getattr(look, ink), getattr(look, ground)) >= 4.5, ground


@by_look
def test_what_is_disabled_can_still_be_read(look):
    assert contrast(look.disabled, look.window) >= 4.5
    assert contrast(look.disabled, look.button) >= 3
    assert contrast(look.selected_text, look.selected) >= 4.5


@by_look
def test_borders_can_be_seen(look):
    for ground in GROUNDS:
        assert contrast(look.border, getattr(look, ground)) >= 3, ground
    assert contrast(look.focus, look.border) >= 1.5


@by_look
def test_every_curve_stands_out_from_the_paper(look):
    figure = look.figure
    for colour in (figure.up, figure.down, *figure.runs, *figure.ordered(7)[1:-1]):
        assert contrast(colour, figure.paper) >= 2, colour
    assert len(set(figure.runs)) == len(figure.runs) >= 6


@pytest.mark.parametrize("figure", [LIGHT, DARK])
def test_states_have_the_colours_of_viridis(figure):
    low, high = figure.states
    for place, colour in ((low, figure.ordered(2)[0]), (high, figure.ordered(2)[1])):
        assert to_rgb(colour) == pytest.approx(colormaps["viridis"](place)[:3], abs=1.1 / 255)


def test_the_palette_of_every_state_comes_from_the_look(dressed):
    palette, role = QtWidgets.QApplication.palette(), QtGui.QPalette.ColorRole
    disabled = QtGui.QPalette.ColorGroup.Disabled
    assert palette.color(role.Window).name() == dressed.window
    assert palette.color(role.Text).name() == dressed.text
    assert palette.color(disabled, role.Text).name() == dressed.disabled


def edge(widget: QtWidgets.QWidget) -> set[str]:
    """The colours met on the way in from the middle of the left side."""
    image = widget.grab().toImage()
    return {image.pixelColor(x, image.height() // 2).name() for x in range(3)}


@pytest.mark.parametrize(
    "kind", [QtWidgets.QLineEdit, QtWidgets.QComboBox, QtWidgets.QPushButton, QtWidgets.QListView]
)
def test_an_outline_is_drawn_and_another_with_the_focus(qtbot, dressed, kind):
    page = QtWidgets.QWidget()
    column = QtWidgets.QVBoxLayout(page)
    widget, other = kind(), QtWidgets.QLineEdit()
    column.addWidget(widget)
    column.addWidget(other)
    qtbot.addWidget(page)
    with qtbot.waitExposed(page):
        page.show()
    other.setFocus()
    assert dressed.border in edge(widget)
    widget.setFocus(QtCore.Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(widget.hasFocus)
    assert dressed.focus in edge(widget)


def test_the_window_needs_neither_hdf5_nor_figures():
    done = subprocess.run(
        [sys.executable, "-c",
         "import sys, app.gui.protocol_panel; print({'h5py', 'matplotlib'} & set(sys.modules))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "set()"
