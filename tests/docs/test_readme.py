"""The README names what there is, and what it points to is there."""

import re
from pathlib import Path

import pytest
import typer

from app.cli import app

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("command", typer.main.get_command(app).commands)
def test_every_command_is_in_the_readme(command):
    assert f"    fmes {command}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_to_files(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
