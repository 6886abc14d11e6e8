"""Users' own protocols: found by file and class, told what is wrong, kept in the run's file."""

import hashlib
import sys

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.errors import InputError
from app.running.user_protocol import find_protocol, recorded_source
from data.reader import open_run
from data.run import Outcome
from protocols.ltp_ltd import LtpLtd

BLINK = '''
from __future__ import annotations
from typing import Annotated, ClassVar
from pydantic import Field
from protocols.program import PulseProgram, PulseTrain
from protocols.protocol import Preset, Protocol
from protocols.quantities import Current, Time
from protocols.steps import Play, Steps

class Blink(Protocol):
    """A few pulses."""
    name: ClassVar[str] = "blink"
    title: ClassVar[str] = "A few pulses"
    phases: ClassVar[tuple[str, ...]] = ("blink",)
    presets: ClassVar = {"three": Preset("Three are few.")}
    amplitude: Annotated[Current, Field(gt=0)] = 1e-3
    count: int = Field(3, ge=1)
    fault: bool = False

    def steps(self) -> Steps:
        train = PulseTrain(self.amplitude, 5e-3, 5e-3, self.count, "blink")
        readings = yield Play(PulseProgram.compile(
            [train], phases=self.phase_names(), limit=0.5, aperture=1e-3), "blink")
        if self.fault and readings.voltage.any():
            raise KeyError("seen")
'''


@pytest.fixture
def blink(tmp_path):
    path = tmp_path / "blink.py"
    path.write_text(BLINK, encoding="utf-8")
    return path


@pytest.fixture
def fmes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


def test_a_class_in_a_file_is_found_and_a_catalogue_name_still_is(blink):
    kind, source = find_protocol(f"{blink}:Blink")
    assert kind.build(amplitude="2 mA").amplitude == 2e-3
    assert source.path == blink
    assert find_protocol("ltp-ltd") == (LtpLtd, None)


def test_the_same_file_gives_the_same_class_and_a_changed_one_another(blink):
    first, _ = find_protocol(f"{blink}:Blink")
    assert find_protocol(f"{blink}:Blink")[0] is first
    blink.write_text(BLINK.replace("A few", "Some"), encoding="utf-8")
    assert find_protocol(f"{blink}:Blink")[0].title == "Some pulses"


def test_the_file_is_run_for_nothing_else(blink, tmp_path, fmes):
    blink.write_text("raise SystemExit('run without being asked')\n", encoding="utf-8")
    assert fmes("protocols").exit_code == 0
    assert fmes("describe", "ltp-ltd").exit_code == 0


def test_a_run_keeps_path_hash_and_text_of_the_file(blink, tmp_path, fmes):
    done = fmes("run", "blink.py:Blink", "--set", "count=4", "--sample", "D 1", "--out", "runs")
    assert done.exit_code == 0, done.output
    (file,) = (tmp_path / "runs").iterdir()
    assert file.name.endswith("_blink_D-1.h5")
    blink.unlink()
    run = open_run(file)
    source = recorded_source(run.info)
    assert source.path == blink
    assert source.text == BLINK
    assert source.sha256 == hashlib.sha256(BLINK.encode()).hexdigest()
    assert run.info.parameters["count"] == 4
    assert run.samples.pulse_index.max() == 4


def test_a_run_of_the_catalogue_has_no_such_record(tmp_path, fmes):
    settings = ["--set", "states=open", "--set", "up=3", "--set", "down=0"]
    fmes("run", "ltp-ltd", *settings, "--out", "x.h5", "--no-figure")
    assert recorded_source(open_run(tmp_path / "x.h5").info) is None


def test_it_can_be_described_and_checked(blink, fmes):
    assert "A few pulses" in fmes("describe", "blink.py:Blink").output
    assert "blink.py:Blink (three)" in fmes("check", "blink.py:Blink").output


def test_a_fault_in_the_file_during_the_run_is_a_failed_run_with_its_line(blink, tmp_path, fmes):
    done = fmes("run", "blink.py:Blink", "--set", "fault=true", "--out", "x.h5")
    assert done.exit_code == 1, done.output
    line = BLINK.splitlines().index('            raise KeyError("seen")') + 1
    assert f"blink.py, line {line}: KeyError" in done.output.replace("\n", "")
    run = open_run(tmp_path / "x.h5")
    assert run.outcome is Outcome.FAILED
    assert run.samples.pulse_index.max() == 3
    assert "safe state" in run.events[-1].message


def changed(old, new):
    assert old in BLINK
    return BLINK.replace(old, new)


BAD = [
    ("missing file", None, "blink.py:Blink", "blink.py cannot be read: No such file"),
    ("no class", BLINK, "blink.py", r"name the class too, as .*blink.py:Name; it has Blink"),
    ("empty class", BLINK, "blink.py:", "name the class too"),
    ("unknown class", BLINK, "blink.py:Blnk", "defines no class 'Blnk'; it has Blink"),
    ("an imported class", BLINK, "blink.py:Preset", "defines no class 'Preset'"),
    ("not a protocol", "class A:\n    pass\n", "blink.py:A", "is not a protocol; it must be"),
    ("not a class", "def a():\n    pass\n", "blink.py:a", "is not a protocol"),
    ("no protocol", "x = 1\n", "blink.py:A", "defines no class 'A'; it has no protocol"),
    ("syntax", "x = 1\nclass A(:\n", "blink.py:A", "blink.py, line 2: not valid Python"),
    ("null byte", "x = '\0'\n", "blink.py:A", "not valid Python"),
    ("not text", b"\xff\xfe\x00", "blink.py:A", "is not Python"),
    ("raises", "\n\nx = 1 / 0\n", "blink.py:A", "blink.py, line 3: ZeroDivisionError"),
    ("no module", "import nothing_such\n", "blink.py:A", "line 1: ModuleNotFoundError"),
    (
        "no annotation", changed("fault: bool = False", "fault = False"), "blink.py:Blink",
        "line 10: PydanticUserError",
    ),
    ("no steps", changed("def steps", "def step"), "blink.py:Blink", "method steps is missing"),
    ("no name", changed('name: ClassVar[str] = "blink"', ""), "blink.py:Blink", "'name' is missing"),  # noqa: E501
    ("a name of a path", changed('"blink"\n', '"../blink"\n'), "blink.py:Blink", "name = '../blink'"),  # noqa: E501
    ("no presets", changed('{"three": Preset("Three are few.")}', "{}"), "blink.py:Blink",
     "presets maps at least one name"),
    ("no default", changed("count: int = Field(3, ge=1)", "count: int"), "blink.py:Blink",
     "parameter 'count' needs a default"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "name", "says"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_what_is_wrong_with_a_file_is_told(tmp_path, content, name, says):
    if content is not None:
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "blink.py").write_bytes(data)
    with pytest.raises(InputError, match=says):
        find_protocol(name, tmp_path)


def test_a_file_that_raises_leaves_no_module_behind(blink, tmp_path):
    before = set(sys.modules)
    blink.write_text("x = 1\nx / 0\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(InputError, match="line 2: ZeroDivisionError"):
            find_protocol("blink.py:A", tmp_path)
    assert not [name for name in set(sys.modules) - before if name.startswith("user_protocol")]


STEPS = [
    ("raises", "raise ValueError('thus')", "blink.py, line 21: ValueError: thus"),
    ("is no generator", "return []", "TypeError"),
    ("plays nothing", "yield from ()", "blink plays no program"),
    ("yields no step", "yield 3", "blink yields 3, which is not a step"),
    (
        "is beyond the device",
        "yield Play(PulseProgram.compile([PulseTrain(1.0, 1, 1, 1, 'blink')], "
        "phases=self.phase_names(), limit=0.5, aperture=1e-3), 'x')",
        "beyond the device's max_current",
    ),
]


@pytest.mark.parametrize(("body", "says"), [s[1:] for s in STEPS], ids=[s[0] for s in STEPS])
def test_steps_that_cannot_be_planned_are_bad_input(blink, tmp_path, fmes, body, says):
    head = BLINK[: BLINK.index("        train =")]
    blink.write_text(f"{head}        {body}\n", encoding="utf-8")
    done = fmes("run", "blink.py:Blink", "--out", "x.h5")
    assert done.exit_code == 2, done.output
    assert says in done.output
    assert not (tmp_path / "x.h5").exists()


def test_texts_in_brackets_are_shown_as_they_are(tmp_path):
    text = BLINK.replace('"A few pulses"', '"Few [/] pulses"').replace(
        "count: int = Field(3, ge=1)", 'count: int = Field(3, ge=1, description="How many [ours]")'
    )
    (tmp_path / "mine.py").write_text(text)
    for command in ("describe", "check"):
        done = CliRunner().invoke(app, [command, f"{tmp_path / 'mine.py'}:Blink"])
        assert done.exit_code == 0, done.output
        assert "Few [/] pulses" in done.output
    told = CliRunner().invoke(app, ["describe", f"{tmp_path / 'mine.py'}:Blink"]).output
    assert "How many [ours]" in " ".join(told.split())
