"""The form in the window: rehearsed, refused in sight, readable with large letters."""

from window_steps import SHORT, fill, press, status

from app.gui.binding import QtCore, QtWidgets

Qt = QtCore.Qt


def test_what_the_form_describes_is_rehearsed_and_an_edit_ends_the_rehearsal(ready, qtbot):
    window = ready(rehearse=True)
    fill(window, **SHORT)
    expected = window.findChild(QtWidgets.QLabel, "expected")
    qtbot.waitUntil(lambda: expected.text().startswith("expected up to"), timeout=60_000)
    assert expected.text().endswith("mV of 800 mV")
    first = expected.text()
    fill(window, amplitude="2 mA")
    qtbot.waitUntil(lambda: not expected.text().startswith("expected"), timeout=60_000)
    qtbot.waitUntil(lambda: expected.text().startswith("expected up to"), timeout=60_000)
    assert expected.text() != first
    window.layout_.rehearse.trigger()
    qtbot.waitUntil(lambda: expected.text() == "", timeout=60_000)


def test_what_stands_against_a_run_is_said_where_it_is_looked_for(ready, qtbot):
    window = ready()
    fill(window, states="2.2k")
    qtbot.waitUntil(lambda: "cannot make 2.2 kohm" in window.layout_.run.toolTip(), timeout=60_000)
    assert not window.layout_.run.isEnabled()
    shown = [label.text() for label in window.layout_.live.findChildren(QtWidgets.QLabel)]
    assert any("cannot make 2.2 kohm" in text for text in shown)
    press(qtbot, window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    message = window.findChild(QtWidgets.QLabel, "status_message")
    qtbot.waitUntil(lambda: "cannot make 2.2 kohm" in message.text(), timeout=60_000)
    assert status(window, "output") == "Output OFF", "what is safe stays in sight"
    fill(window, states="open")
    qtbot.waitUntil(window.layout_.run.isEnabled, timeout=60_000)
    assert "cannot" not in window.layout_.run.toolTip()


def test_nothing_in_the_panels_is_cut_off_when_letters_are_large(ready, qtbot):
    window = ready()
    left = window.findChild(QtWidgets.QScrollArea, "left")
    font = window.font()
    font.setPointSizeF(1.5 * font.pointSizeF())
    for widget in left.findChildren(QtWidgets.QWidget):
        widget.setFont(font)
    before = left.widget().width()
    qtbot.waitUntil(
        lambda: before < left.widget().width() <= left.viewport().width(), timeout=60_000
    )
