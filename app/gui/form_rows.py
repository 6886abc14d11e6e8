"""What forms are laid out with: rows, labels, texts, and a letter for each field."""

from __future__ import annotations

from collections.abc import Iterable

from app.gui.binding import QtCore, QtWidgets

Qt = QtCore.Qt


def mnemonics(labels: Iterable[str], taken: str) -> dict[str, str]:
    """Labels with an ampersand before a letter that no other has; as they are when none is left."""
    used, marked = set(taken.lower()), {}
    for words in labels:
        # The first letters of words are found most easily.
        order = sorted(range(len(words)), key=lambda k: (k > 0 and words[k - 1] != " ", k))
        place = next((k for k in order if words[k].isalpha() and words[k].lower() not in used), -1)
        if place >= 0:
            used.add(words[place].lower())
        marked[words] = words if place < 0 else f"{words[:place]}&{words[place:]}"
    return marked


def rows() -> QtWidgets.QFormLayout:
    """Labels and editors side by side, one above the other where there is no room."""
    made = QtWidgets.QFormLayout()
    made.setFieldGrowthPolicy(QtWidgets.QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    made.setRowWrapPolicy(QtWidgets.QFormLayout.RowWrapPolicy.WrapLongRows)
    made.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    made.setHorizontalSpacing(8)
    made.setVerticalSpacing(4)
    return made


def label_of(control: QtWidgets.QWidget, words: str = "") -> QtWidgets.QLabel:
    """A label whose letter with Alt leads to the control."""
    made = QtWidgets.QLabel(words)
    made.setBuddy(control)
    return made


def wrapped(kind: str = "") -> QtWidgets.QLabel:
    """Plain text over as many lines as it needs, that can be marked and copied."""
    made = QtWidgets.QLabel()
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if kind:
        made.setProperty("kind", kind)
    return made
