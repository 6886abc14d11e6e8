"""What the window remembers from one start to the next."""

from __future__ import annotations

from pathlib import Path

from app.gui.binding import QtCore


class Preferences:
    """Folder, theme and geometry; what cannot be read back is as at the first start."""

    def __init__(self, settings: QtCore.QSettings) -> None:
        self._settings = settings

    @property
    def folder(self) -> Path:
        """Where runs are recorded and listed."""
        return Path(str(self._settings.value("folder") or Path.cwd() / "runs"))

    @folder.setter
    def folder(self, folder: Path) -> None:
        self._settings.setValue("folder", str(folder))

    @property
    def dark(self) -> bool:
        """Whether the dark theme was chosen."""
        return self._settings.value("dark", "false") in (True, "true")

    @dark.setter
    def dark(self, dark: bool) -> None:
        self._settings.setValue("dark", "true" if dark else "false")

    @property
    def rehearse(self) -> bool:
        """Whether what the form describes is rehearsed."""
        return self._settings.value("rehearse", "true") in (True, "true")

    @rehearse.setter
    def rehearse(self, rehearse: bool) -> None:
        self._settings.setValue("rehearse", "true" if rehearse else "false")

    def geometry(self, name: str) -> QtCore.QByteArray | None:
        """What `keep_geometry` kept under that name."""
        value = self._settings.value(f"geometry/{name}")
        return value if isinstance(value, QtCore.QByteArray) else None

    def keep_geometry(self, name: str, state: QtCore.QByteArray) -> None:
        """Keep the state of a window or a splitter."""
        self._settings.setValue(f"geometry/{name}", state)
