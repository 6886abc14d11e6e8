"""`fmes-gui`: opens the window, or says what has to be installed for it."""

from __future__ import annotations

from importlib.util import find_spec

import typer

from app.commands.exit_codes import BAD_INPUT

_NEEDED = ("PyQt5", "pyqtgraph", "qtpy")


def main() -> int:
    """Open the window; returns the exit code."""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        typer.echo(
            f"error: the window needs {', '.join(missing)}, which this Python does not have; "
            "pip install -e '.[gui]' in the folder of fmes-lab brings what it needs",
            err=True,
        )
        return BAD_INPUT
    from app.gui.main import main as open_window

    return open_window()
