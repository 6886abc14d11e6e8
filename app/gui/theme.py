"""The look of the window: Qt's Fusion style with a light and a dark palette of our own.

Fusion derives its outlines from the background and they vanish in the dark, so every outline
is drawn again in a colour that is seen; the widget that has the keyboard's focus gets a
thick one. Colour never stands alone: a chip, an error and a state say in words what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import colours
from analysis.colours import DARK, LIGHT, Theme, blend, contrast
from app.gui.binding import QtCore, QtGui, QtWidgets, pg
from app.gui.outlines import Outlines

_Role = QtGui.QPalette.ColorRole
_Group = QtGui.QPalette.ColorGroup


@dataclass(frozen=True)
class Look:
    """The colours of the window, as ``#rrggbb``.

    Parameters
    ----------
    figure
        The colours of plots, those of every figure.
    window, field
        Behind everything; behind what can be edited, lists and plots.
    button, text, disabled
        Of a button; what is written on any of these; the same on what cannot be used now.
    border, focus
        Around what can be operated; around what has the keyboard's focus.
    selected, selected_text
        What is chosen in a list or a text.
    good, busy, warning, fault
        Ink of messages and chips of that kind, on `window` and on `field`.
    """

    figure: Theme
    window: str
    field: str
    button: str
    text: str
    disabled: str
    border: str
    focus: str
    selected: str
    selected_text: str
    good: str
    busy: str
    warning: str
    fault: str

    @property
    def dark(self) -> bool:
        """Whether it is light on dark."""
        return self.figure is DARK


LIGHT_LOOK = Look(
    figure=LIGHT, window="#f2f3f5", field=LIGHT.paper, button="#e6e8ec", text=LIGHT.ink,
    disabled="#6a6f78", border="#7d838d", focus="#0057b8", selected="#0057b8",
    selected_text="#ffffff", good="#19692c", busy="#00588a", warning="#7a4b00", fault=LIGHT.alert,
)  # fmt: skip
DARK_LOOK = Look(
    figure=DARK, window="#22252b", field=DARK.paper, button="#30343c", text=DARK.ink,
    disabled="#9096a1", border="#7f8692", focus="#6cb6ff", selected="#2f6fb5",
    selected_text="#ffffff", good="#6fd08a", busy="#7cc4f2", warning="#f0b84a", fault=DARK.alert,
)  # fmt: skip


def look(dark: bool) -> Look:
    """The light or the dark appearance."""
    return DARK_LOOK if dark else LIGHT_LOOK


def current() -> Look:
    """The appearance that the application has now."""
    application = QtWidgets.QApplication.instance()
    return look(bool(application and application.property(_PROPERTY)))


def apply(application: QtWidgets.QApplication, dark: bool) -> None:
    """Give every widget the light or the dark appearance.

    Widgets that draw by themselves learn of it by a palette's change event.
    """
    chosen = look(dark)
    application.setProperty(_PROPERTY, dark)
    pg.setConfigOptions(background=chosen.field, foreground=chosen.text)
    application.setStyle(Outlines(chosen.border, chosen.focus, chosen.fault))
    application.setPalette(palette(chosen))
    application.setStyleSheet(_chips(chosen))


def set_kind(widget: QtWidgets.QWidget, kind: str) -> None:
    """Give a chip, message or frame the ink of its kind, and the room that its frame takes."""
    if widget.property("kind") == kind:
        return
    widget.setProperty("kind", kind)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    # A label keeps the size that it worked out before it had a frame, unless it is told.
    QtWidgets.QApplication.sendEvent(widget, QtCore.QEvent(QtCore.QEvent.Type.StyleChange))
    widget.updateGeometry()


def run_colours(dark: bool) -> tuple[str, ...]:
    """Colours that tell overlaid runs apart, to be used in order."""
    return look(dark).figure.runs


def state_colours(chosen: Look, resistances: Sequence[float]) -> list[str]:
    """A colour for each resistance (ohm), as in the figures; always shown with its value."""
    return colours.state_colours(chosen.figure, resistances)


def ink_on(ground: str) -> str:
    """Black or white, whichever is read better on a colour."""
    return max(("#000000", "#ffffff"), key=lambda ink: contrast(ink, ground))


def palette(chosen: Look) -> QtGui.QPalette:
    """The appearance as Qt's widgets take it."""
    made = QtGui.QPalette()
    for role, colour in (
        (_Role.Window, chosen.window), (_Role.WindowText, chosen.text),
        (_Role.Base, chosen.field), (_Role.Text, chosen.text),
        (_Role.AlternateBase, blend(chosen.field, chosen.window, 0.6)),
        (_Role.Button, chosen.button), (_Role.ButtonText, chosen.text),
        (_Role.ToolTipBase, chosen.field), (_Role.ToolTipText, chosen.text),
        (_Role.PlaceholderText, chosen.disabled), (_Role.BrightText, chosen.fault),
        (_Role.Highlight, chosen.selected), (_Role.HighlightedText, chosen.selected_text),
        (_Role.Link, chosen.focus), (_Role.LinkVisited, chosen.focus),
        (_Role.Light, blend(chosen.button, "#ffffff", 0.2)),
        (_Role.Midlight, blend(chosen.button, "#ffffff", 0.1)),
        (_Role.Mid, chosen.border), (_Role.Dark, blend(chosen.border, "#000000", 0.3)),
        (_Role.Shadow, "#000000"),
    ):  # fmt: skip
        made.setColor(role, QtGui.QColor(colour))
    for role in (_Role.WindowText, _Role.Text, _Role.ButtonText, _Role.HighlightedText):
        made.setColor(_Group.Disabled, role, QtGui.QColor(chosen.disabled))
    made.setColor(_Group.Disabled, _Role.Base, QtGui.QColor(chosen.window))
    made.setColor(_Group.Disabled, _Role.Highlight, QtGui.QColor(chosen.button))
    return made


_PROPERTY = "fmes_dark"
_KINDS = {
    "good": ("connected", "running", "ready", "finished"),
    "busy": (
        "connecting",
        "pausing",
        "paused",
        "stopping",
        "simulated",
        "checking",
        "waiting",
        "result",
    ),
    "warning": ("warning", "held", "disconnected", "away", "aborted", "on"),
    "fault": ("fault", "unknown", "failed", "error", "answer"),
}
"""Which words, as the property `kind` of a label or frame, have which ink."""


def _chips(chosen: Look) -> str:
    """A frame in the ink of its text for every label or frame that has a `kind`.

    Nothing else is styled by the sheet: it would take a widget's own drawing away.
    """
    rules = [
        'QLabel[kind], QLabel[chip="true"] { border: 1px solid palette(mid); border-radius: 3px;'
        " padding: 1px 6px; }",
        "QLabel#message, QLabel#together, QLabel#difference, QLabel#expected"
        " { border: none; padding: 0; }",
        "QFrame#banner { border: 2px solid palette(mid); border-radius: 3px; }",
        "QLabel#banner_kind { font-weight: bold; }",
        f"QLabel#status_simulated {{ color: {chosen.warning}; border: 1px solid {chosen.warning};"
        " border-radius: 3px; padding: 1px 6px; font-weight: bold; }",
        f"QToolButton#abort_button {{ color: {chosen.fault}; font-weight: bold;"
        f" border: 2px solid {chosen.fault}; border-radius: 3px; padding: 3px 8px; }}",
        f"QToolButton#abort_button:focus {{ border-color: {chosen.focus}; }}",
        f"QToolButton#abort_button:pressed {{ background: {chosen.button}; }}",
        f"QToolButton#abort_button:disabled {{ color: {chosen.disabled};"
        f" border-color: {chosen.disabled}; }}",
    ]
    for ink, kinds in _KINDS.items():
        colour = getattr(chosen, ink)
        labels = ", ".join(f'QLabel[kind="{kind}"]' for kind in kinds)
        frames = ", ".join(f'QFrame#banner[kind="{kind}"]' for kind in kinds)
        rules.append(f"{labels} {{ color: {colour}; border-color: {colour}; }}")
        rules.append(f"{frames} {{ border-color: {colour}; }}")
        names = ", ".join(f'QFrame#banner[kind="{kind}"] QLabel#banner_kind' for kind in kinds)
        rules.append(f"{names} {{ color: {colour}; }}")
    return "\n".join(rules)
