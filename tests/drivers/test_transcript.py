"""Transcripts: every byte is noted, memory is bounded, and a driver can be held against one."""

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from app.rigs.check import check
from app.rigs.opening import make_bench, open_bank, open_meter, open_rig
from app.rigs.rig_file import RigFile
from drivers.catalogue import SOURCE_METERS
from drivers.errors import LinkError
from drivers.keithley_2600b import Keithley2600B
from drivers.keysight_34970a import Keysight34970A
from drivers.recorded_link import RecordedLink
from drivers.replay import DepartureError, ReplayLink, replayed
from drivers.simulated.link import SimulatedAdapter
from drivers.simulated.links import simulated_links
from drivers.transcript import KEPT, KEPT_BYTES, Transcript, What, read_transcript
from protocols.program import PulseProgram, PulseTrain

PROGRAM = PulseProgram.compile(
    [PulseTrain(1e-3, 1e-3, 1e-3, 20, "p")], phases=("p",), limit=0.8, aperture=1e-4,
    on_limit="flag",
)  # fmt: skip


@pytest.fixture
def links():
    return simulated_links(make_bench(RigFile(), noise=False), "keithley-2600b", "keysight-34970a")


def play(link, level=0.0):
    """What a run asks of a source-measure unit, and what it reads."""
    meter = Keithley2600B.connect(link, "a", "4-wire")
    meter.make_safe()
    meter.load(PROGRAM)
    meter.start()
    readouts = [meter.drain()]
    while readouts[-1].running:
        readouts.append(meter.drain())
    meter.stand_by()
    meter.close()
    return np.concatenate([r.voltage for r in readouts])


@pytest.fixture
def recorded(links, tmp_path):
    """A transcript's file of both instruments, and what was read."""
    transcript, path = Transcript(), tmp_path / "run.transcript.jsonl"
    transcript.write_to(path)
    bank = Keysight34970A.connect(
        RecordedLink(links[1], "resistor_bank", transcript), RigFile().resistors, 0.0
    )
    voltage = play(RecordedLink(links[0], "source_meter", transcript))
    bank.select(500.0, 0.01)
    bank.close()
    transcript.close()
    return path, voltage


def test_a_driver_that_does_the_same_gets_the_same(recorded):
    path, voltage = recorded
    assert len(voltage) == 2 * 20
    with replayed(path, "source_meter") as link:
        assert np.array_equal(play(link), voltage)


def test_each_instrument_is_played_by_itself(recorded):
    with replayed(recorded[0], "resistor_bank") as link:
        bank = Keysight34970A.connect(link, RigFile().resistors, 0.0)
        assert bank.select(500.0, 0.01).resistance == 500


@pytest.mark.parametrize("what", ["sent", "received"])
def test_one_byte_that_differs_is_told(recorded, what):
    path, _ = recorded
    messages = read_transcript(path)
    if what == "sent":
        changed = path.read_text().replace("trigger.timer[2].count=1 ", "trigger.timer[2].count=2 ")
    else:
        # An answer that lets the train end early: the driver fails, and the rest is left over.
        changed = path.read_text().replace('"*IDN?\\n"', '"*IDN? \\n"')
    assert changed != path.read_text()
    path.write_text(changed)
    with (
        pytest.raises(DepartureError, match=r"line \d+ of the transcript"),
        replayed(path, "source_meter") as link,
    ):
        play(link)
    assert len(read_transcript(path)) == len(messages)


def test_what_is_left_over_is_told(recorded):
    with (
        pytest.raises(DepartureError, match="messages of the transcript are left"),
        replayed(recorded[0], "source_meter") as link,
    ):
        Keithley2600B.connect(link, "a", "4-wire")


def test_what_goes_on_after_the_end_is_told(recorded):
    with replayed(recorded[0], "source_meter") as link:
        play(link)
        with pytest.raises(DepartureError, match="the transcript is over"):
            link.open()


def test_a_lost_link_is_lost_again(links):
    transcript = Transcript()
    meter = Keithley2600B.connect(RecordedLink(links[0], "source_meter", transcript), "a", "4-wire")
    links[0].cut()
    with pytest.raises(LinkError) as lost:
        meter.now()
    assert "high-impedance" in meter.make_safe(), "over a fresh link"
    assert transcript.last[-1].what is What.RECEIVED
    again = ReplayLink(transcript.last, "source_meter")
    replaying = Keithley2600B.connect(again, "a", "4-wire")
    with pytest.raises(LinkError) as replayed_loss:
        replaying.now()
    assert str(replayed_loss.value) == str(lost.value)
    assert "high-impedance" in replaying.make_safe()
    again.expect_end()


def test_a_link_that_cannot_be_opened_cannot_be_opened_again(links):
    transcript = Transcript()
    links[0].cut(for_good=True)
    link = RecordedLink(links[0], "source_meter", transcript)
    for way in (link, ReplayLink(transcript.last, "source_meter") if transcript.last else link):
        with pytest.raises(LinkError, match="cannot be opened"):
            way.open()
    again = ReplayLink(transcript.last, "source_meter")
    with pytest.raises(LinkError, match="its cable is pulled"):
        again.open()


def test_answers_that_are_no_text_are_kept_byte_for_byte(links, tmp_path, monkeypatch):
    every = bytes(range(256)).replace(b"\n", b"") + b"\n"
    answers = iter([every])
    monkeypatch.setattr(links[0].instrument, "read", lambda: next(answers, None))
    transcript, path = Transcript(), tmp_path / "all.jsonl"
    transcript.write_to(path)
    adapter = RecordedLink(links[0], "source_meter", transcript).open()
    adapter.write("print(1)")
    with pytest.raises(UnicodeDecodeError):
        adapter.read()
    adapter.close()
    transcript.close()
    assert path.read_bytes().isascii()
    received = [m.data for m in read_transcript(path) if m.what is What.RECEIVED]
    assert received == [every]
    with replayed(path, "source_meter") as link:
        again = link.open()
        again.write("print(1)")
        assert again.read_bytes(len(every)) == every


def test_memory_is_bounded_and_the_last_is_kept():
    transcript = Transcript()
    for k in range(3 * KEPT):
        transcript.add("source_meter", What.SENT, b"%d" % k)
    assert len(transcript.last) == KEPT
    assert transcript.last[-1].data == b"%d" % (3 * KEPT - 1)
    for _ in range(10):
        transcript.add("source_meter", What.RECEIVED, bytes(KEPT_BYTES // 3))
        assert sum(len(m.data) for m in transcript.last) <= KEPT_BYTES
    transcript.add("source_meter", What.RECEIVED, bytes(2 * KEPT_BYTES))
    assert len(transcript.last) == 1
    assert math.isclose(len(transcript.last[0].data), 2 * KEPT_BYTES)


def test_no_file_is_replaced(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text("mine")
    for write in (Transcript().write_to, Transcript().save_last):
        with pytest.raises(FileExistsError):
            write(path)
    assert path.read_text() == "mine"


def test_what_is_no_transcript_is_refused(tmp_path):
    (path := tmp_path / "mine.jsonl").write_text("mine\n")
    with pytest.raises(ValueError, match="is no transcript"):
        read_transcript(path)
    Transcript().save_last(tmp_path / "empty.jsonl")
    with pytest.raises(ValueError, match="nothing of 'source_meter'"):
        ReplayLink(read_transcript(tmp_path / "empty.jsonl"), "source_meter")


FULL_DISK = """
import resource, signal
from pathlib import Path
from drivers.transcript import Transcript, What
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
transcript = Transcript()
transcript.write_to(Path("full.jsonl"))
for k in range(100):
    transcript.add("source_meter", What.SENT, b"x" * 100)
assert len(transcript.last) == 100
print(transcript.problem)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_full_disk_ends_the_file_and_nothing_else(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "File too large" in done.stdout
    whole = read_transcript(tmp_path / "full.jsonl")
    assert 5 < len(whole) < 20
    assert all(m.data == b"x" * 100 for m in whole)


def test_the_bare_adapter_and_the_noted_one_answer_alike(links):
    bare = links[0].open()
    noted = RecordedLink(links[0], "source_meter", Transcript()).open()
    assert isinstance(bare, SimulatedAdapter)
    answers = []
    for adapter in (bare, noted):
        adapter.write("print(localnode.linefreq)")
        answers.append(adapter.read())
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("meter", "bank"),
    [(driver.driver, "keysight-34970a") for driver in SOURCE_METERS]
    + [("keithley-2600b", "keithley-3706a"), ("keithley-2600b", "numato-relay")],
)
def test_the_check_of_any_rig_plays_again(meter, bank, tmp_path):
    first = {"keysight-34970a": 101, "keithley-3706a": 1001, "numato-relay": 0}[bank]
    rows = [{"channel": first, "nominal": "500 ohm"}, {"channel": first + 1, "nominal": "500 ohm"}]
    devices = [{"name": "A", "channel": first + 5}]
    file = RigFile(
        source_meter={"driver": meter},
        resistor_bank={"driver": bank, "resistors": rows, "devices": devices},
    )
    transcript = Transcript()
    transcript.write_to(tmp_path / "check.jsonl")
    rig = open_rig(file, transcript=transcript)
    found = list(check(rig))
    rig.close()
    transcript.close()
    assert all(finding.passed for finding in found)
    (queues,) = [finding.text for finding in found if finding.what == "error queue"]
    assert queues.startswith("that of the "), "every source-measure unit has one"
    messages = read_transcript(tmp_path / "check.jsonl")
    links = [ReplayLink(messages, role) for role in ("source_meter", "resistor_bank")]
    again = replace(rig, meter=open_meter(file, links[0]), bank=open_bank(file, links[1]))
    assert list(check(again)) == found
    for link in links:
        link.expect_end()
