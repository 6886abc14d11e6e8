"""The form of a protocol, made from its parameters: the catalogue's and users' own alike."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

from app.errors import InputError
from app.gui.binding import QtCore, QtWidgets, Signal
from app.gui.checked import Choice
from app.gui.fields import Field, label
from app.gui.form_rows import label_of, mnemonics, rows, wrapped
from app.gui.prospect import Draft, foresee
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.user_protocol import ProtocolSource
from protocols.device_parameters import DeviceProtocol
from protocols.errors import ParameterError
from protocols.protocol import Protocol

Qt = QtCore.Qt
_MODIFIED = "\N{BULLET} "
"""In front of the label of a field that differs from the preset."""


class ProtocolForm(QtWidgets.QWidget):
    """Preset, parameters, sample and note of one run.

    Each field says at once what is wrong with its text. What is wrong with several together
    comes from a check of the whole: see `show_problems`.

    Parameters
    ----------
    kind, source
        The protocol, and the file of the user's own that it came from.
    taken
        Letters that the window uses with Alt.

    Attributes
    ----------
    changed
        Emitted when anything in the form is another.
    controls
        What takes the keyboard, in the order in which it is passed through.
    """

    changed = Signal()

    def __init__(
        self,
        kind: type[Protocol],
        source: ProtocolSource | None = None,
        taken: str = "",
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.kind, self.source = kind, source
        self._filling = False
        self._fields = {p.name: Field(p, self) for p in kind.parameters()}
        self._labels: dict[str, QtWidgets.QLabel] = {}
        self._mnemonics = mnemonics(map(label, self._fields), taken + "ean")
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._preset_rows())
        main = [name for name in self._fields if name not in DeviceProtocol.model_fields]
        column.addLayout(self._rows(main))
        self._add_shared(column, [name for name in self._fields if name not in main])
        self._together = wrapped("error")
        self._together.setObjectName("together")
        self._together.hide()
        column.addWidget(self._together)
        column.addLayout(self._identity_rows())
        controls = {name: field.editor.control for name, field in self._fields.items()}
        shared = [controls.pop(name) for name in self._shared]
        self.controls = [
            self._presets, self._back, *controls.values(), self._fold, *shared, self._sample,
            self._note,
        ]  # fmt: skip
        for field in self._fields.values():
            field.changed.connect(self._changed)
        self._use_preset()

    # What is in it

    @property
    def preset(self) -> str:
        """Name of the preset that the values started from."""
        return str(self._presets.currentData())

    @property
    def modified(self) -> tuple[str, ...]:
        """Names of the parameters that differ from the preset, or are not accepted."""
        return tuple(name for name, field in self._fields.items() if field.modified)

    @property
    def sample(self) -> str:
        """Name of the device."""
        return str(self._sample.text()).strip()

    @property
    def note(self) -> str:
        """Free text that is kept in the run's file."""
        return str(self._note.toPlainText()).strip()

    def values(self) -> dict[str, Any]:
        """What differs from the preset, as JSON values.

        Raises
        ------
        ParameterError
            Fields hold what is not accepted.
        """
        return self._stored(self.errors())

    def errors(self) -> dict[str, str]:
        """What is wrong with single fields, by name; those that a check found included."""
        found = {name: field.editor.error for name, field in self._fields.items()}
        return {name: error for name, error in found.items() if error}

    def error_of(self, name: str) -> str:
        """What is wrong with one field; empty when all is well."""
        return self._fields[name].editor.error

    def draft(self, rig: RigFile | None) -> Draft:
        """What the form asks for, to be worked out elsewhere.

        Raises
        ------
        ParameterError
            Fields hold what is not accepted.
        """
        # What a check found before does not stand against checking again.
        unread = {name: text for name, text in self.errors().items() if not self._readable(name)}
        return Draft(self.kind, self.source, self.preset, self._stored(unread), rig)

    def experiment(self, rig: RigFile) -> Experiment:
        """The experiment, worked out at once.

        Raises
        ------
        ParameterError
            Parameters that are not accepted, by name.
        InputError
            The rig cannot do it; one line a reason.
        """
        prospect = foresee(self.draft(rig))
        if prospect.problems:
            raise ParameterError(prospect.problems)
        if prospect.experiment is None:
            raise InputError("\n".join(prospect.refusals))
        return prospect.experiment

    # What is put into it

    def load(
        self, preset: str, values: Mapping[str, Any], sample: str = "", note: str = ""
    ) -> None:
        """Fill the form, as from a run; values that are not accepted show their error.

        Parameters
        ----------
        preset
            The first is taken when there is none of that name any more.
        values
            JSON values or text, by parameter.

        Raises
        ------
        InputError
            There is no such parameter; the form is as it was.
        """
        if unknown := [name for name in values if name not in self._fields]:
            raise InputError(
                f"{self.kind.name} has no parameter {unknown[0]!r}; it has "
                f"{', '.join(self._fields)}"
            )
        self._presets.setCurrentIndex(max(0, self._presets.findData(preset)))
        self._use_preset()
        self._filling = True
        for name, value in values.items():
            field = self._fields[name]
            try:
                field.set(field.parameter.read(value))
            except ValueError:
                field.editor.set_text(str(value))
        self.name_sample(sample, note)
        self._filling = False
        self._changed()

    def name_sample(self, sample: str, note: str) -> None:
        """Replace the name of the device and the note."""
        self._sample.setText(sample)
        self._note.setPlainText(note)

    def show_problems(self, problems: Iterable[tuple[str, str]]) -> None:
        """Show what a check of the whole found, each at its field; "" for none in particular."""
        by_field: dict[str, list[str]] = {}
        for where, text in problems:
            name, _, place = where.partition(".")
            known = name if name in self._fields else ""
            place = f"value {int(place) + 1}: " if place.isdigit() else ""
            by_field.setdefault(known, []).append(place + text)
        for name, field in self._fields.items():
            field.editor.complain("; ".join(by_field.get(name, [])))
        together = "\n".join(by_field.get("", []))
        self._together.setText(together and f"Error: {together}")
        self._together.setVisible(bool(together))
        self._open_where_needed()

    def go_to_problem(self) -> bool:
        """Put the keyboard's focus on the first field that is not accepted, if there is one."""
        for name in self.errors():
            self._fields[name].editor.control.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        return False

    # How it is laid out

    def _preset_rows(self) -> QtWidgets.QVBoxLayout:
        self._presets = Choice()
        self._presets.setObjectName("preset")
        self._presets.setAccessibleName("Preset")
        for name, preset in self.kind.presets.items():
            self._presets.addItem(name, name)
            tip = f"<p>{html.escape(preset.explanation)}</p>"
            self._presets.setItemData(self._presets.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._presets.currentIndexChanged.connect(self._use_preset)
        self._explanation, self._difference = wrapped(), wrapped("warning")
        self._explanation.setObjectName("explanation")
        self._difference.setObjectName("difference")
        self._back = QtWidgets.QPushButton("Undo all changes")
        self._back.setObjectName("back_to_preset")
        self._back.setToolTip("Put the preset's values back into every field")
        self._back.clicked.connect(self._use_preset)
        form = rows()
        form.addRow(label_of(self._presets, "Pr&eset"), self._presets)
        column = QtWidgets.QVBoxLayout()
        column.addLayout(form)
        for widget in (self._explanation, self._difference, self._back):
            column.addWidget(widget)
        return column

    def _identity_rows(self) -> QtWidgets.QFormLayout:
        self._sample = QtWidgets.QLineEdit(maxLength=200)
        self._sample.setObjectName("sample")
        self._sample.setToolTip("Name of the device; it goes into the file and its name")
        self._sample.setPlaceholderText("name of the device")
        self._note = QtWidgets.QPlainTextEdit(tabChangesFocus=True)
        self._note.setObjectName("note")
        self._note.setAccessibleName("Note")
        self._note.setToolTip("Free text that is kept in the run's file")
        self._note.setFixedHeight(3 * self.fontMetrics().height() + 8)
        self._sample.textChanged.connect(self._changed)
        self._note.textChanged.connect(self._changed)
        form = rows()
        form.addRow(label_of(self._sample, "S&ample"), self._sample)
        form.addRow(label_of(self._note, "&Note"), self._note)
        return form

    def _rows(self, names: list[str]) -> QtWidgets.QFormLayout:
        form = rows()
        for name in names:
            field = self._fields[name]
            words = label_of(field.editor.control)
            words.setToolTip(field.editor.control.toolTip())
            self._labels[name] = words
            form.addRow(words, field.editor)
        return form

    def _add_shared(self, column: QtWidgets.QVBoxLayout, names: list[str]) -> None:
        """What most protocols have, folded away unless something in it wants attention."""
        self._shared = names
        self._fold = QtWidgets.QToolButton(checkable=True)
        self._fold.setObjectName("fold")
        self._fold.setText(f"Limit, reading and reset ({len(names)})")
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        inside = QtWidgets.QWidget()
        inside.setLayout(self._rows(names))
        inside.layout().setContentsMargins(12, 0, 0, 0)
        self._fold.toggled.connect(inside.setVisible)
        self._fold.toggled.connect(self._turn)
        inside.hide()
        self._turn(False)
        self._fold.setVisible(bool(names))
        column.addWidget(self._fold)
        column.addWidget(inside)

    def _turn(self, opened: bool) -> None:
        self._fold.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)

    def _open_where_needed(self) -> None:
        wanting = {*self.modified, *self.errors()}
        if wanting.intersection(self._shared):
            self._fold.setChecked(True)

    # What happens in it

    def _use_preset(self) -> None:
        start = self.kind.build(self.preset)
        self._filling = True
        for name, field in self._fields.items():
            field.start_from(getattr(start, name))
        self._filling = False
        self._changed()

    def _changed(self) -> None:
        if self._filling:
            return
        modified = self.modified
        for name, words in self._labels.items():
            words.setText(_MODIFIED * (name in modified) + self._mnemonics[label(name)])
        self._explanation.setText(self.kind.presets[self.preset].explanation)
        names = ", ".join(label(name).lower() for name in modified)
        self._difference.setText(f"Modified: {names}")
        for shown in (self._difference, self._back):
            shown.setVisible(bool(modified))
        self._together.hide()
        self._open_where_needed()
        self.changed.emit()

    def _stored(self, errors: Mapping[str, str]) -> dict[str, Any]:
        if errors:
            raise ParameterError(tuple(errors.items()))
        chosen = (self._fields[name] for name in self.modified)
        return {f.parameter.name: f.parameter.stored(f.value()) for f in chosen}

    def _readable(self, name: str) -> bool:
        try:
            self._fields[name].value()
        except ValueError:
            return False
        return True
