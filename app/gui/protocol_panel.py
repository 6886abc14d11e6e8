"""Everything about the next run: which protocol, its form, and what would come of it.

form ──changed──► a thread works out stimulus, estimate and verdict ──► preview, words
and the window asks `valid` and `request` before Run and Queue
"""  # fmt: skip

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.errors import InputError
from app.gui import theme
from app.gui.binding import QtCore, QtWidgets, Signal
from app.gui.checked import Choice
from app.gui.expectation import Expectation
from app.gui.form_rows import label_of, wrapped
from app.gui.latest import Latest
from app.gui.library_link import LibraryLink
from app.gui.prospect import Draft, Prospect, foresee
from app.gui.protocol_form import ProtocolForm
from app.gui.stimulus_preview import StimulusPreview
from app.rigs.rig_file import RigFile
from app.running.user_protocol import ProtocolSource, find_protocol
from protocols.catalogue import PROTOCOLS
from protocols.errors import ParameterError
from protocols.protocol import Protocol

Qt = QtCore.Qt
FIRST = "ltp-ltd"
"""The protocol of a first start."""
_REASONS = 2
"""Reasons that are said above the form; its place must not be taken by them."""
_TAKEN = "frvcsuomidtp"
"""Letters that menus and buttons of the window use with Alt, and the chooser's own."""


class ProtocolPanel(QtWidgets.QGroupBox):
    """Chooser of protocols, form, preview, estimate and verdict.

    Attributes
    ----------
    changed
        Emitted when the form, or what is known of it, is another.
    preview
        The stimulus.
    """

    changed = Signal()

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__("Protocol", parent)
        self._rig: RigFile | None = RigFile()
        self._rig_path = ""
        self.rehearsals = LibraryLink(self, gentle=True)
        self.expected = Expectation(self.rehearsals)
        self._draft: Draft | None = None
        self._prospect: Prospect | None = None
        self._kinds = Choice()
        self._kinds.setObjectName("protocol")
        self._kinds.setAccessibleName("Protocol")
        for kind in PROTOCOLS:
            self._add(kind.name, kind.title)
        self._title = wrapped()
        self.preview = StimulusPreview()
        self._chip = QtWidgets.QLabel()
        self._chip.setObjectName("verdict_chip")
        self._facts, self._verdict = wrapped(), wrapped()
        self._facts.setObjectName("facts")
        self._verdict.setObjectName("verdict")
        self._latest = Latest(foresee, parent=self)
        self._latest.done.connect(self._foreseen)
        self._place()
        self._forms: dict[type[Protocol], ProtocolForm] = {}
        self.form: ProtocolForm
        self._kinds.setCurrentIndex(self._kinds.findData(FIRST))
        kind, source = find_protocol(FIRST)
        self._use(self._form_of(kind, source))
        self._kinds.currentIndexChanged.connect(self._chosen)
        # Choosing the same again reads a file of the user's own anew.
        self._kinds.activated.connect(self._chosen)

    # What the window asks

    @property
    def valid(self) -> bool:
        """Whether the run can be queued as it stands: accepted by its protocol and by the rig."""
        return (
            not self._latest.pending
            and self._prospect is not None
            and (self._prospect.experiment is not None)
        )

    @property
    def prospect(self) -> Prospect | None:
        """What would come of the form as it stands; None while that is worked out."""
        return None if self._latest.pending else self._prospect

    @property
    def protocol(self) -> str:
        """Name of the protocol, or file and class of the user's own."""
        return str(self._kinds.currentData())

    @property
    def verdict(self) -> str:
        """What stands against a run as it stands, in words; "" while nothing does."""
        kind = self._chip.property("kind")
        if kind == "ready":
            return ""
        return f"{self._chip.text()}: {self._verdict.text()}".removesuffix(": ")

    def request(self) -> dict[str, Any]:
        """The run as the station takes it, a copy that later edits leave alone.

        Raises
        ------
        ParameterError
            Fields hold what is not accepted.
        """
        return {
            "protocol": self.protocol, "preset": self.form.preset, "values": self.form.values(),
            "sample": self.form.sample, "note": self.form.note,
        }  # fmt: skip

    def point_out(self) -> None:
        """Bring what stands against a run into view."""
        control = self.focusWidget() if self.form.go_to_problem() else self._chip
        area: QtWidgets.QWidget | None = self
        while area is not None and not isinstance(area, QtWidgets.QScrollArea):
            area = area.parentWidget()
        if area is not None and control is not None:
            area.ensureWidgetVisible(control)

    def choose_kind(self) -> None:
        """Go to the list of protocols and open it."""
        self._kinds.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._kinds.showPopup()

    # What is put in

    def set_rig(self, rig: RigFile | None, path: str = "") -> None:
        """Hold runs against this rig, of this file; None when there is none that could be used."""
        self._rig, self._rig_path = rig, path
        self._check()

    def load(
        self, protocol: str, preset: str, values: Mapping[str, Any], sample: str, note: str
    ) -> None:
        """Fill the form, as from a run.

        Parameters
        ----------
        protocol
            A name, or a file of the user's own with its class, as ``mine.py:Mine``.

        Raises
        ------
        InputError
            No such protocol or parameter; the form is as it was.
        """
        kind, source = find_protocol(protocol)
        if source is not None:  # the station may look from another folder
            protocol = f"{source.path}:{protocol.rpartition(':')[2]}"
        form = self._form_of(kind, source)
        form.load(preset, values, sample, note)
        if self._kinds.findData(protocol) < 0:
            self._add(protocol, kind.title)
        with QtCore.QSignalBlocker(self._kinds):
            self._kinds.setCurrentIndex(self._kinds.findData(protocol))
        self._use(form)

    def set_rehearsing(self, wanted: bool) -> None:
        """Whether what the form describes is rehearsed."""
        self.expected.wanted = wanted
        self._check()

    def set_dark(self, _dark: bool) -> None:
        """Draw in the colours of the theme that the application has now."""
        self.preview.update()

    # Inside

    def _place(self) -> None:
        self._holder = QtWidgets.QVBoxLayout()
        choice = QtWidgets.QHBoxLayout()
        choice.addWidget(label_of(self._kinds, "&Protocol"))
        choice.addWidget(self._kinds, 1)
        verdict = QtWidgets.QHBoxLayout()
        verdict.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignTop)
        verdict.addWidget(self.expected, 1)
        column = QtWidgets.QVBoxLayout(self)
        column.addLayout(choice)
        # Above the form: what stands against a run is seen without scrolling.
        column.addLayout(verdict)
        column.addWidget(self._verdict)
        column.addWidget(self._title)
        column.addLayout(self._holder)
        column.addWidget(self.preview)
        column.addWidget(self._facts)
        column.addStretch(1)

    def _add(self, name: str, title: str) -> None:
        file, colon, kind = name.rpartition(":")
        self._kinds.addItem(f"{Path(file).name}:{kind}" if colon else name, name)
        self._kinds.setItemData(self._kinds.count() - 1, title, Qt.ItemDataRole.ToolTipRole)

    def _chosen(self) -> None:
        try:
            kind, source = find_protocol(self.protocol)
        except InputError as error:  # the file is gone or broken since
            self._broken = str(error)
            for form in self._forms.values():
                form.hide()
            self._title.setText("")
            self._check()
            return
        form = self._form_of(kind, source)
        if form.sample != self.form.sample or form.note != self.form.note:
            form.name_sample(self.form.sample, self.form.note)
        self._use(form)

    def _form_of(self, kind: type[Protocol], source: ProtocolSource | None) -> ProtocolForm:
        """A protocol's form; one that was left keeps what was typed into it."""
        if kind not in self._forms:
            form = ProtocolForm(kind, source, taken=_TAKEN)
            form.changed.connect(self._check)
            form.hide()
            self._holder.addWidget(form)
            for before, after in itertools.pairwise((self._kinds, *form.controls)):
                self.setTabOrder(before, after)
            self._forms[kind] = form
        return self._forms[kind]

    def _use(self, form: ProtocolForm) -> None:
        for other in self._forms.values():
            other.setVisible(other is form)
        self.form, self._broken = form, ""
        self._title.setText(form.kind.title)
        self._check()

    def _check(self) -> None:
        """Have what the form asks for worked out, unless a field is not accepted alone."""
        self._draft = self._prospect = None
        self.expected.forget()
        try:
            if self._broken:
                raise InputError(self._broken)
            self._draft = self.form.draft(self._rig)
        except InputError as error:
            self._say("error", "ERROR", str(error), None)
        except ParameterError as error:
            names = ", ".join(name for name, _ in error.problems)
            self._say("error", "ERROR", f"not accepted: {names}; see above", None)
        else:
            self._latest.ask(self._draft)
            self._paint("checking", "CHECKING")
            self._verdict.hide()
        self.changed.emit()

    def _foreseen(self, prospect: Prospect) -> None:
        if prospect.draft is not self._draft:
            return
        self._prospect = prospect
        self.form.show_problems(prospect.problems)
        if prospect.problems:
            self._say("error", "ERROR", "parameters are not accepted; see above", prospect)
        elif prospect.refusals:
            self._say("error", "THE RIG REFUSES", "\n".join(prospect.refusals), prospect)
        else:
            self._say("ready", "READY", "", prospect)
            self.expected.rehearse({
                "protocol": self.protocol, "preset": prospect.draft.preset,
                "values": prospect.draft.values, "rig": self._rig_path or None,
            })  # fmt: skip
        self.changed.emit()

    def _say(self, kind: str, chip: str, verdict: str, prospect: Prospect | None) -> None:
        self._paint(kind, chip)
        lines = verdict.splitlines()
        more = f"\nand {len(lines) - _REASONS} more" if len(lines) > _REASONS else ""
        self._verdict.setText("\n".join(lines[:_REASONS]) + more)
        self._verdict.setToolTip(verdict if more else "")
        self._verdict.setVisible(bool(verdict))
        self.preview.show_shape(prospect.shape if prospect else None)
        facts = prospect.facts if prospect else ()
        self._facts.setText("\n".join(f"{name}: {text}" for name, text in facts))

    def _paint(self, kind: str, chip: str) -> None:
        self._chip.setText(chip)
        theme.set_kind(self._chip, kind)
