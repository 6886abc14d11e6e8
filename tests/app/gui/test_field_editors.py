"""Text is typed freely and never touched: it is a value, or an error in words under the line."""

import math
from typing import Annotated

import pytest
from pydantic import Field as Limited
from pydantic.fields import FieldInfo

from app.gui import theme
from app.gui.binding import QtCore, QtGui, QtWidgets
from app.gui.checked import CheckedChoice, CheckedEdit, CheckedSwitch
from app.gui.fields import Field
from app.gui.outlines import PROBLEM
from protocols.catalogue import find
from protocols.parameter import Parameter
from protocols.quantities import (
    CURRENT,
    RATE,
    RESISTANCE,
    TIME,
    VOLTAGE,
    Current,
    Rate,
    Resistance,
    Time,
    Voltage,
)  # fmt: skip

Qt = QtCore.Qt


def type_in(control, text):
    """Key by key; Qt's own `keyClicks` knows no letters beyond ASCII."""
    press, release = QtCore.QEvent.Type.KeyPress, QtCore.QEvent.Type.KeyRelease
    for letter in text:
        for kind in (press, release):
            event = QtGui.QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, letter)
            QtWidgets.QApplication.sendEvent(control, event)


TYPES = {CURRENT: Current, RATE: Rate, RESISTANCE: Resistance, TIME: Time, VOLTAGE: Voltage}


@pytest.fixture
def field(qtbot):
    fields = []

    def make(quantity, low=None, high=None, default=1.0):
        info = FieldInfo.from_annotated_attribute(
            Annotated[TYPES[quantity], Limited(ge=low, le=high)], default
        )
        fields.append(Field(Parameter.of("value", info)))
        qtbot.addWidget(fields[-1].editor)
        fields[-1].editor.set_text("")
        return fields[-1].editor

    return make


ACCEPTED = [
    (TIME, "10m", 0.01), (TIME, "10 ms", 0.01), (TIME, "10us", 1e-5), (TIME, "10 \u00b5s", 1e-5),
    (TIME, "10 \u03bcs", 1e-5), (TIME, "10\u00b5", 1e-5), (TIME, "1e-3", 1e-3),
    (TIME, "0,5 ms", 5e-4), (TIME, "  20 ms  ", 0.02), (TIME, "2 min", 120.0),
    (CURRENT, "-1 mA", -1e-3), (CURRENT, "0.0005", 5e-4), (VOLTAGE, "800mV", 0.8),
    (RATE, "50 mV/s", 0.05), (RESISTANCE, "8 kohm", 8000.0), (RESISTANCE, "8k", 8000.0),
    (RESISTANCE, "8 k\u03a9", 8000.0), (RESISTANCE, "open", math.inf),
]  # fmt: skip


@pytest.mark.parametrize(("quantity", "text", "value"), ACCEPTED, ids=lambda v: str(v)[:12])
def test_text_that_is_accepted_stays_as_it_was_typed(qtbot, field, quantity, text, value):
    edit = field(quantity)
    type_in(edit.edit, text)
    qtbot.keyClick(edit.edit, Qt.Key.Key_Return)
    edit.edit.clearFocus()
    assert edit.text() == text
    assert edit.value() == value
    assert edit.error == ""
    assert not edit.edit.property(PROBLEM)


REFUSED = [
    (TIME, "", "a time is needed"), (TIME, "   ", "a time is needed"),
    (TIME, "3 V", "'3 V' has the unit of another quantity (volt)"),
    (TIME, "3 parsnips", "'parsnips' is not a unit"), (TIME, "ms", "'ms' is not a time"),
    (TIME, "1 2 ms", "'2 ms' is not a unit"), (CURRENT, "open", "'open' is not a current"),
    (CURRENT, "--1", "'--1' is not a current"), (VOLTAGE, "nan", "'nan' is not a voltage"),
]  # fmt: skip


@pytest.mark.parametrize(("quantity", "text", "says"), REFUSED, ids=lambda v: str(v)[:12])
def test_text_that_is_not_accepted_stays_too_and_says_why_with_an_example(
    qtbot, field, quantity, text, says
):
    edit = field(quantity)
    type_in(edit.edit, text)
    qtbot.keyClick(edit.edit, Qt.Key.Key_Return)
    assert edit.text() == text
    assert says in edit.error
    assert "for example " in edit.error
    assert edit.edit.property(PROBLEM)
    with pytest.raises(ValueError, match="for example"):
        edit.value()


def test_beyond_the_limits_the_range_is_told_and_the_text_stays(qtbot, field):
    edit = field(VOLTAGE, -0.5, 0.5, default=0.2)
    qtbot.keyClicks(edit.edit, "99")
    assert edit.text() == "99"
    assert edit.error == ("'99' is not accepted; >= -500 mV and <= 500 mV; for example 200 mV")
    edit.set_text("-0.6")
    assert "'-0.6' is not accepted" in edit.error
    edit.set_text("0.5")
    assert edit.error == ""


def test_the_example_is_itself_accepted(field):
    for low, high, default in ((1.0, None, 2.0), (None, 1e-3, 1e-4), (5.0, 6.0, 5.5)):
        edit = field(TIME, low, high, default)
        edit.set_text(edit.error.rpartition("for example ")[2])
        assert edit.error == ""


def test_the_error_is_seen_while_it_lasts(qtbot, field):
    edit = field(TIME)
    edit.resize(200, 80)
    with qtbot.waitExposed(edit):
        edit.show()
    message = edit.findChild(QtWidgets.QLabel, "message")
    edit.set_text("ten")
    assert message.isVisible()
    assert message.text().startswith("Error: 'ten' is not a time")
    edit.set_text("10")
    assert not message.isVisible()


def test_each_change_is_told_once(qtbot, field):
    edit, told = field(TIME), []
    edit.textChanged.connect(told.append)
    qtbot.keyClicks(edit.edit, "1 s")
    assert told == ["1", "1 ", "1 s"]


def test_a_value_that_is_put_in_reads_back_exactly(qtbot):
    width = Field(next(p for p in find("ltp-ltd").parameters() if p.name == "width"))
    qtbot.addWidget(width.editor)
    for value in (0.02, 1 / 3, 0.0215443469003):
        width.set(value)
        assert width.value() == value


def test_what_others_object_to_is_shown_until_the_text_changes(qtbot, field):
    edit = field(TIME)
    edit.set_text("50 ms")
    edit.complain("does not fit into the period")
    assert edit.error == "does not fit into the period"
    assert edit.value() == 0.05
    edit.set_text("5 ms")
    assert edit.error == ""


LISTS = {p.name: p for p in find("width").parameters()}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("states", "500, 1k, open", (500.0, 1000.0, math.inf)),
        ("states", "500 ohm;8 kohm", (500.0, 8000.0)),
        ("widths", "log 1 ms..1 s x 7", tuple(10 ** (k / 2 - 3) for k in range(7))),
        ("widths", "1 ms, 2 ms", (1e-3, 2e-3)),
        ("widths", "1 ms..3 ms x 3, 1 s", (1e-3, 2e-3, 3e-3, 1.0)),
    ],
)
def test_lists_and_ranges_are_typed_in_one_line(qtbot, name, text, value):
    edit = CheckedEdit(LISTS[name].read)
    qtbot.addWidget(edit)
    type_in(edit.edit, text)
    assert edit.text() == text
    assert edit.value() == pytest.approx(value, rel=1e-11)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("states", "500, x", "value 2: 'x' is not a resistance"),
        ("states", "", "at least one value is needed"),
        ("widths", "log 1 ms..1 s", "is not a range; write FIRST..LAST x COUNT"),
        ("widths", "1,5 ms", "may be a decimal comma"),
        ("widths", "1 ms, 2 V", "'2 V' has the unit of another quantity"),
        ("widths", "1 ms, -2 ms", "value 2: -2 ms is not accepted; > 0 s; for example"),
    ],
)
def test_a_list_says_which_of_its_values_is_wrong(qtbot, name, text, says):
    edit = CheckedEdit(LISTS[name].read)
    qtbot.addWidget(edit)
    type_in(edit.edit, text)
    assert edit.text() == text
    assert says in edit.error


def test_choices_and_switches_are_used_like_lines(qtbot):
    choice = CheckedChoice(str, [("(not given)", ""), ("up", "up"), ("down", "down")])
    switch = CheckedSwitch(lambda text: text == "True")
    for editor, text in ((choice, "down"), (switch, "True")):
        qtbot.addWidget(editor)
        with qtbot.waitSignal(editor.textChanged):
            editor.set_text(text)
        assert editor.text() == text
    assert choice.value() == "down"
    assert switch.value() is True


def test_the_wheel_does_not_turn_a_choice(qtbot):
    choice = CheckedChoice(str, [("a", "a"), ("b", "b")])
    qtbot.addWidget(choice)
    with qtbot.waitExposed(choice):
        choice.show()
    wheel(choice.control)
    assert choice.text() == "a"


def wheel(widget):
    nowhere = QtCore.QPoint()
    event = QtGui.QWheelEvent(
        QtCore.QPointF(5, 5), widget.mapToGlobal(QtCore.QPointF(5, 5).toPoint()), nowhere,
        QtCore.QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QtWidgets.QApplication.sendEvent(widget, event)


@pytest.mark.parametrize("dark", [False, True])
def test_a_problem_has_the_outline_of_a_fault(qtbot, qapp, field, dark):
    theme.apply(qapp, dark)
    edit = field(TIME)
    with qtbot.waitExposed(edit):
        edit.show()
    edit.set_text("ten")
    image = edit.edit.grab().toImage()
    met = {image.pixelColor(x, image.height() // 2).name() for x in range(3)}
    assert theme.current().fault in met
    theme.apply(qapp, False)
