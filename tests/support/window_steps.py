"""What tests do with the window, and what they see of it."""

from app.gui.binding import QtCore, QtWidgets

Qt = QtCore.Qt
SHORT = {"up": "5", "down": "5", "states": "open"}
LONG = {
    "up": "1500", "down": "0", "states": "open", "amplitude": "100 uA", "reset_watch": "0.1 s",
}  # fmt: skip


def press(qtbot, window, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(window, key, modifier)


def fill(window, **fields):
    for name, text in fields.items():
        window.layout_.form.form.findChild(QtWidgets.QLineEdit, f"field_{name}").setText(text)


def queue(qtbot, window, **fields):
    fill(window, **fields)
    qtbot.waitUntil(lambda: window.layout_.queue.isEnabled(), timeout=60_000)
    before = len(window.model.rows)
    window.layout_.queue.trigger()
    qtbot.waitUntil(lambda: len(window.model.rows) > before, timeout=60_000)


def states(window):
    return [row.status for row in window.model.rows]


def status(window, name):
    return window.findChild(QtWidgets.QLabel, f"status_{name}").text()


def answer(window, text):
    """Press the button of the prompt that is open."""

    def press_it():
        box = window.findChild(QtWidgets.QMessageBox)
        if box is None:
            QtCore.QTimer.singleShot(50, press_it)
            return
        next(b for b in box.buttons() if text in b.text().replace("&", "")).click()

    QtCore.QTimer.singleShot(50, press_it)


def chosen(window, text):
    """Choose from the menu of the list's current row."""
    menu = window.layout_.table.menu()
    (action,) = [a for a in menu.actions() if a.text().replace("&", "") == text]
    assert action.isEnabled(), text
    action.trigger()
