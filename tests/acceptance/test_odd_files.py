"""Exports and figures on a disk without room, and things that are no files at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and mounts of POSIX")

FMES = str(Path(sys.executable).with_name("fmes"))


@pytest.mark.parametrize("what", ["verify", "recover", "analyse"])
def test_a_pipe_is_refused_and_not_waited_for(fmes, tmp_path, what):
    os.mkfifo(tmp_path / "pipe.h5")
    done = fmes(what, "pipe.h5")
    assert done.returncode == 2
    assert "pipe.h5 is a pipe or a device" in done.stderr


def test_what_finds_no_room_leaves_no_half_a_file(fmes, tmp_path):
    done = fmes("run", "ltp-ltd", "--set", "states=500", "--no-figure", "--out", "run.h5")
    assert done.returncode == 0, done.stderr
    script = "mkdir small && mount -t tmpfs -o size=8k tmpfs small || exit 99\n" + "".join(
        f"{FMES} {command} && exit 98\n"
        for command in (
            "export run.h5 --to small/run.csv", "export run.h5 --to small/run.nc",
            "figure run.h5 --out small/run.png",
        )
    ) + "ls -A small"  # fmt: skip
    try:
        done = subprocess.run(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", script], cwd=tmp_path,
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("no unshare")
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(f"no file system of one's own: {done.stderr}")
    assert done.returncode == 0, "one found room"
    assert done.stdout == "", "half a file is left"
    assert done.stderr.count("No space left on device") == 3, done.stderr
