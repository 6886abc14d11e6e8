"""`fmes-gui` where the window's libraries are not installed."""

import subprocess
import sys

WITHOUT_QT = """
import sys
from importlib.machinery import PathFinder

class Hiding(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "PyQt5" else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Hiding
from app.gui_command import main
sys.exit(main())
"""


def test_what_is_missing_is_named_with_the_command_that_installs_it():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_QT], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: the window needs PyQt5,")
    assert "pip install -e '.[gui]'" in done.stderr
    assert "Traceback" not in done.stderr
