"""One editor for each kind of parameter, all used alike by a form."""

from __future__ import annotations

import html
from typing import Any

from app.gui.binding import QtCore, Signal
from app.gui.checked import Checked, CheckedChoice, CheckedEdit, CheckedSwitch
from protocols.parameter import Parameter

LEFT_OUT = "(not given)"


class Field(QtCore.QObject):
    """The editor of one parameter.

    It holds what a person typed or chose, as it is; the value follows from that by
    `Parameter.read`. A value that is put there is written so that it reads back exactly.

    Parameters
    ----------
    parameter
        What is edited.

    Attributes
    ----------
    changed
        Emitted when what stands in the editor is another.
    editor
        With its messages; its `control` takes the keyboard.
    """

    changed = Signal()

    def __init__(self, parameter: Parameter, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self._preset: Any = parameter.default
        self.editor = _editor(parameter)
        control = self.editor.control
        control.setObjectName(f"field_{parameter.name}")
        control.setAccessibleName(label(parameter.name))
        control.setToolTip(tip(parameter))
        self.set(parameter.default)
        self.editor.textChanged.connect(self.changed)

    def set(self, value: Any) -> None:
        """Put a value into the editor, in SI units."""
        self.editor.set_text(self.parameter.write(value))

    def start_from(self, value: Any) -> None:
        """Take a preset's value: the editor shows it and is unmodified."""
        self._preset = value
        self.set(value)

    def value(self) -> Any:
        """What the editor holds, in SI units.

        Raises
        ------
        ValueError
            It is not accepted: why, and what is.
        """
        return self.editor.value()

    @property
    def modified(self) -> bool:
        """Whether it holds something else than the preset."""
        try:
            return bool(self.value() != self._preset)
        except ValueError:
            return True


def _editor(parameter: Parameter) -> Checked:
    if parameter.kind == "choice" and not parameter.is_list:
        left_out = [(LEFT_OUT, "")] if parameter.optional else []
        choices = [*left_out, *((c, c) for c in parameter.choices)]
        return CheckedChoice(parameter.read, choices)
    if parameter.kind == "switch" and not (parameter.is_list or parameter.optional):
        return CheckedSwitch(parameter.read)
    editor = CheckedEdit(parameter.read)
    if parameter.optional:
        editor.edit.setPlaceholderText(LEFT_OUT)
    return editor


def label(name: str) -> str:
    """A parameter's name for people: "reset_hold" is "Reset hold"."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def tip(parameter: Parameter) -> str:
    """Description, unit, limits and default, as rich text."""
    unit = parameter.quantity.unit if parameter.quantity else ""
    takes = f"a list of {parameter.kind}s" if parameter.is_list else f"a {parameter.kind}"
    lines = [
        f"{parameter.name}: {parameter.description}" if parameter.description else parameter.name,
        f"Takes {takes}" + (f" in {unit}" if unit else "") + ("; a range too" * _ranges(parameter)),
        f"Limits: {parameter.limits}" if parameter.limits else "",
        f"Choices: {', '.join(parameter.choices)}" if parameter.choices else "",
        "May be left empty" if parameter.optional else "",
        f"Default: {parameter.write(parameter.default) or 'not given'}",
    ]
    return f"<p>{'<br>'.join(html.escape(line) for line in lines if line)}</p>"


def _ranges(parameter: Parameter) -> bool:
    return parameter.is_list and parameter.quantity is not None
