"""Time to list recorded runs, the first time and again, and to chart and export one.

python benchmarks/library.py [count of files]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app import lab
from app.library.browse import Browser
from app.library.library import Library
from app.library.requests import parse

FILES = 1000


def timed(what: str, act: Callable[[], object]) -> None:
    start = time.perf_counter()
    act()
    print(f"{what:<48} {time.perf_counter() - start:8.3f} s")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = lab.run("ltp-ltd", out=folder / "0000.h5", sample="bench").path
        for k in range(1, count):
            shutil.copy(run, folder / f"{k:04d}.h5")
        browser, library = Browser(), Library()
        timed(f"list {count} runs", lambda: browser.rows(folder))
        timed(f"list {count} runs again", lambda: browser.rows(folder))
        chart = {"ask": "chart", "file": str(run)}
        timed("chart of 1200 pulses in four states", lambda: library.answer(parse(chart)))
        timed("the same again", lambda: library.answer(parse(chart)))
        for ending in ("csv", "svg", "png"):
            request = {"ask": "export", "to": str(folder / f"a.{ending}"), "source": chart}
            timed(f"export as {ending}", lambda r=request: library.answer(parse(r)))


if __name__ == "__main__":
    main()
