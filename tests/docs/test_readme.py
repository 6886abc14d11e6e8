"""What the README tells a stranger to type is accepted."""

import re
import textwrap
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from app.cli import app

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"(?:^ {4,}.*\n|^\n)+", README, re.M)]


def test_its_rig_file_can_make_every_state_of_the_main_job(tmp_path):
    (rig,) = (block for block in BLOCKS if "[source_meter]" in block)
    (path := tmp_path / "rig.toml").write_text(rig, encoding="utf-8")
    done = CliRunner().invoke(app, ["check", "ltp-ltd", "--rig", str(path)])
    assert done.exit_code == 0, done.output


def test_its_commands_are_all_the_commands():
    (use,) = (block for block in BLOCKS if "fmes protocols" in block)
    named = set(re.findall(r"^fmes (\w+)", use, re.M))
    assert named == set(get_command(app).commands)
