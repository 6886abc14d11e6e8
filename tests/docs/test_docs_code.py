"""The code in the documentation runs, page by page, and commands print what the page shows.

In a page, top to bottom and in one empty folder:

- a block of any language with a ``title="FILE"`` is written to that file;
- other ``python`` blocks run, all in one namespace;
- of ``console`` blocks the lines that begin with ``$`` run, and what follows a line must
  be in its output (``...`` stands for anything; runs of blanks count as one). A command that
  is shown to print ``error:`` must fail.

Blocks of other languages (``sh``, ``toml`` without a title) are not run.
"""

import re
import shlex
import textwrap
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import pytest
from typer.testing import CliRunner

from app.cli import app

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^( *)```(\w+)([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Block:
    language: str
    title: str | None
    line: int
    text: str

    @property
    def runs(self) -> bool:
        return self.title is not None or self.language in ("python", "console")


def blocks(page: Path) -> list[Block]:
    content = page.read_text(encoding="utf-8")
    return [
        Block(
            language=match[2],
            title=title[1] if (title := TITLE.search(match[3])) else None,
            line=content.count("\n", 0, match.start()) + 1,
            text=textwrap.dedent(match[4]),
        )
        for match in FENCE.finditer(content)
    ]


PAGES = [p for p in sorted(DOCS.rglob("*.md")) if any(b.runs for b in blocks(p))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(DOCS).as_posix())
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    mpl.use("agg")
    namespace = {"__name__": page.stem}
    for block in blocks(page):
        if block.title:
            Path(block.title).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            # Blank lines in front make a traceback show the line of the page.
            code = compile("\n" * block.line + block.text, str(page), "exec")
            exec(code, namespace)
        elif block.language == "console":
            for command, shown in commands(block.text):
                run_command(command, shown, f"{page}:{block.line}")


def commands(text: str) -> list[tuple[str, str]]:
    """Each command of a block with the output that is shown under it."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [(line.replace("\\\n", " "), shown) for line, shown in map(split_command, parts)]


def split_command(part: str) -> tuple[str, str]:
    end = re.search(r"(?<!\\)\n|\Z", part).start()
    return part[:end], part[end:]


def run_command(command: str, shown: str, where: str) -> None:
    name, *arguments = shlex.split(command, comments=True)
    assert name == "fmes", f"{where}: {command}: only fmes is run; write others as ```sh"
    result = CliRunner().invoke(app, arguments)
    said = " ".join(result.output.split())
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    failed = shown.lstrip().startswith("error:")
    assert (result.exit_code != 0) == failed, f"{where}: {command}: {result.output}"
    pattern = ".*".join(re.escape(" ".join(s.split())) for s in shown.split("..."))
    assert re.search(pattern.replace(r"\ ", " ?"), said), (
        f"{where}: {command} no longer prints what the page shows:\n{result.output}"
    )
