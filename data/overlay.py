"""A file as it might be: what is written to it stays in memory, the file on the disk as it is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

_PAGE = 1 << 16


class Overlay(io.RawIOBase):
    """A file to read and to change at will, without changing it.

    Parameters
    ----------
    path
        Of the file; only read.
    size
        Its length, when that is not the one it has; what is missing reads as zeros.
    """

    def __init__(self, path: Path, size: int | None = None) -> None:
        self._file = path.open("rb", buffering=0)
        self._size = self._file.seek(0, io.SEEK_END) if size is None else size
        self._pages: dict[int, bytearray] = {}
        self._at = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def truncate(self, size: int | None = None) -> int:
        self._size = self._at if size is None else size
        return self._size

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._size - self._at))
        done = 0
        while done < count:
            number, inside = divmod(self._at, _PAGE)
            part = min(count - done, _PAGE - inside)
            page = self._pages.get(number) or self._page(number)
            view[done : done + part] = page[inside : inside + part]
            self._at += part
            done += part
        return count

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        done = 0
        while done < len(view):
            number, inside = divmod(self._at, _PAGE)
            part = min(len(view) - done, _PAGE - inside)
            if number not in self._pages:
                self._pages[number] = self._page(number)
            self._pages[number][inside : inside + part] = view[done : done + part]
            self._at += part
            done += part
        self._size = max(self._size, self._at)
        return done

    def close(self) -> None:
        self._file.close()
        super().close()

    def _page(self, number: int) -> bytearray:
        self._file.seek(number * _PAGE)
        content = bytearray()
        while len(content) < _PAGE and (more := self._file.read(_PAGE - len(content))):
            content += more
        return content.ljust(_PAGE, b"\0")
