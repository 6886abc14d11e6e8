"""Makes `docs/reference/licences.md`: what is installed with the program, and under which licence.

    python docs/make_licences.py

It reads `requirements.lock` and what the packages say of themselves in this environment, which has
to be installed with all that the lock names for this system.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
_LOCKED = re.compile(r"(?P<name>[\w.-]+)==(?P<version>\S+)")
_HEAD = """# Packages and licences

`requirements.lock` names every package that the program runs with, its window included, by version
and SHA-256. To install exactly these:

```sh
pip install --require-hashes -r requirements.lock
pip install --no-deps .
```

`pip-audit -r requirements.lock` asks the package index whether any of them has a known
vulnerability; it needs an index that answers that, as PyPI does.

The licence is what each package states of itself (`python docs/make_licences.py` makes this page);
"not here" is a package for another system or Python.

| package | locked version | licence |
|---|---|---|
"""


def main() -> None:
    """Write the page."""
    lines = {
        match["name"]: f"| {match['name']} | {match['version']} | {licence(match['name'])} |\n"
        for match in map(_LOCKED.match, (ROOT / "requirements.lock").read_text().splitlines())
        if match
    }
    text = _HEAD + "".join(lines.values())
    (ROOT / "docs/reference/licences.md").write_text(text, encoding="utf-8")


def licence(name: str) -> str:
    """What a package says of its licence, in a few words."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return "not here"
    return stated(said) or "not stated"


def stated(said: PackageMetadata) -> str:
    """The expression, else the classifiers, else the first line of the text."""
    if expression := said.get("License-Expression"):
        return str(expression)
    classes = [c.rpartition(" :: ")[2] for c in said.get_all("Classifier") or []
               if c.startswith("License ::") and c != "License :: OSI Approved"]  # fmt: skip
    text = (said.get("License") or "").strip().partition("\n")[0]
    return ", ".join(classes) or text[:80].replace("|", "/")


if __name__ == "__main__":
    main()
