"""The library's process over real pipes: answers, errors, a request that hangs, a crash."""

import io
import os
import shutil
import signal
import struct

import numpy as np
import pytest
from PIL import Image

from app.library.chart import decode
from app.library.results import Results
from app.station.wire import pack
from data.reader import open_run


def test_a_window_gets_rows_charts_pictures_and_readings(runs, start_worker):
    worker = start_worker()
    answer, _ = worker.ask(ask="rows", folder=str(runs["ppf"].parent))
    assert answer["ok"]
    assert {row["file"] for row in answer["rows"]} == set(map(str, runs.values()))
    answer, arrays = worker.ask(ask="chart", file=str(runs["ltp-ltd"]))
    assert (answer["protocol"], answer["analyses"]) == ("ltp-ltd", ["main"])
    here, there = Results().of(runs["ltp-ltd"], "main").chart(), decode(answer, arrays)
    assert there.table == here.table
    assert there.rows[2][0].x.ticks == here.rows[2][0].x.ticks
    assert np.array_equal(there.rows[0][0].curves[2].y, here.rows[0][0].curves[2].y)
    assert worker.ask(ask="chart", file=str(runs["width"]))[0] == {
        "ok": True, "protocol": "width", "analyses": ["main", "autocorrelation"], "picture": True,
    }  # fmt: skip
    answer, arrays = worker.ask(
        ask="picture", file=str(runs["width"]), analysis="autocorrelation", width=800, height=300
    )
    with Image.open(io.BytesIO(arrays["png"].tobytes())) as image:
        assert image.width <= 800
        assert 299 <= image.height <= 300
    answer, arrays = worker.ask(ask="compare", files=[str(runs["ppf"])], what="trace")
    assert decode(answer, arrays).rows[0][0].curves
    answer, arrays = worker.ask(ask="readings", file=str(runs["ppf"]), first=10, last=10_000_000)
    samples = open_run(runs["ppf"]).samples
    assert (answer["first_row"], answer["rows"]) == (10, len(samples))
    assert np.array_equal(arrays["resistance"], samples.resistance[10:])
    assert arrays["flags"].dtype == np.uint8
    assert len(arrays["time"]) == answer["count"] == len(samples) - 10


def test_notes_and_exports_are_written(runs, tmp_path, start_worker):
    worker, path = start_worker(), tmp_path / "a.h5"
    shutil.copy(runs["ppf"], path)
    answer, _ = worker.ask(ask="note", file=str(path), notes="gut", tags=["x"])
    assert (answer["notes"], answer["tags"]) == ("gut", ["x"])
    (row,) = worker.ask(ask="rows", folder=str(tmp_path))[0]["rows"]
    assert (row["notes"], row["tags"]) == ("gut", ["x"])
    source = {"ask": "chart", "file": str(path)}
    to = str(tmp_path / "a.csv")
    assert worker.ask(ask="export", to=to, source=source)[0] == {"ok": True, "file": to}
    answer, _ = worker.ask(ask="export", to=to, source=source)
    assert not answer["ok"]
    assert "a.csv exists and is never replaced" in answer["error"]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"ask": "dance"}, "'rows', 'readings', 'chart'"),
        ({}, "ask"),
        ({"ask": "chart"}, "chart.file: Field required"),
        ({"ask": "rows", "folder": "/", "depth": 3}, "rows.depth: Extra inputs"),
        ({"ask": "chart", "file": "/nowhere/a.h5"}, "/nowhere/a.h5 cannot be read: No such file"),
        ({"ask": "readings", "file": "/nowhere/a.h5"}, "/nowhere/a.h5 cannot be read"),
        ({"ask": "compare", "files": []}, "compare.files: Tuple should have at least 1 item"),
        (
            {"ask": "export", "to": "a.png", "source": {"ask": "rows", "folder": "."}},
            "export.source",
        ),
    ],
)
def test_what_cannot_be_answered_is_an_error_and_the_next_is_answered(
    runs, start_worker, request_, says
):
    worker = start_worker()
    answer, _ = worker.ask(**request_)
    assert not answer["ok"]
    assert says in answer["error"]
    assert worker.ask(ask="readings", file=str(runs["ppf"]), last=1)[0]["ok"]


def test_answers_come_in_order_however_the_requests_are_cut(runs, start_worker):
    worker = start_worker()
    data = b"".join(
        pack({"ask": "readings", "file": str(runs["ppf"]), "last": k, "id": k}) for k in range(6)
    )
    for k in range(0, len(data), 7):
        worker.write(data[k : k + 7])
    sent = [worker.receive()[0] for _ in range(6)]
    assert [(m["reply"], m["count"]) for m in sent] == [(k, k) for k in range(6)]


def test_what_prints_does_not_disturb_the_answers(runs, start_worker):
    worker = start_worker(
        "import os; from app.library import library; from app.library.worker import main\n"
        "old = library.read_rows\n"
        "def loud(*a): print('loud', flush=True); os.write(1, b'louder'); return old(*a)\n"
        "library.read_rows = loud; sys.exit(main())"
    )
    assert worker.ask(ask="readings", file=str(runs["ppf"]))[0]["ok"]


HANGING = (
    "import time; from app.library import library, worker; worker.GRACE = 0.2\n"
    "library.read_rows = lambda *a: time.sleep(3600); sys.exit(worker.main())"
)


def test_a_pipe_is_refused_and_holds_nothing_up(tmp_path, start_worker):
    os.mkfifo(tmp_path / "x.h5")
    worker = start_worker()
    (row,) = worker.ask(ask="rows", folder=str(tmp_path))[0]["rows"]
    assert row["problem"] == "is not a regular file"
    answer, _ = worker.ask(ask="chart", file=str(tmp_path / "x.h5"))
    assert "is a pipe or a device" in answer["error"]


def test_a_request_that_hangs_is_ended_by_killing_and_the_next_process_answers(
    runs, tmp_path, start_worker
):
    worker = start_worker(HANGING)
    worker.send(ask="readings", file=str(runs["ppf"]))
    worker.send(ask="rows", folder=str(tmp_path))
    assert worker.receive(patience=1.0) is None
    assert worker.process.poll() is None
    worker.process.kill()
    assert worker.process.wait(30) == -signal.SIGKILL
    assert start_worker().ask(ask="chart", file=str(runs["ppf"]))[0]["ok"]


def test_a_crash_shows_as_the_end_of_the_answers(runs, start_worker):
    worker = start_worker(
        "import os; from app.library import library; from app.library.worker import main\n"
        "library.read_rows = lambda *a: os.kill(os.getpid(), 11); sys.exit(main())"
    )
    assert worker.ask(ask="chart", file=str(runs["ppf"]))[0]["ok"]
    worker.send(ask="readings", file=str(runs["ppf"]))
    assert worker.receive() is None
    assert worker.process.wait(30) == -signal.SIGSEGV
    assert start_worker().ask(ask="readings", file=str(runs["ppf"]))[0]["ok"]


def test_a_fault_in_the_program_ends_a_request_and_not_the_process(runs, start_worker):
    worker = start_worker(
        "from app.library import library; from app.library.worker import main\n"
        "library.read_rows = lambda *a: 1 / 0; sys.exit(main())"
    )
    answer, _ = worker.ask(ask="readings", file=str(runs["ppf"]))
    assert answer == {
        "ok": False,
        "error": "fault in the program: ZeroDivisionError: division by zero",
    }
    assert worker.ask(ask="chart", file=str(runs["ppf"]))[0]["ok"]
    worker.process.stdin.close()
    assert b"ZeroDivisionError" in worker.process.stderr.read()


def test_the_process_ends_with_its_input(start_worker):
    worker = start_worker()
    worker.process.stdin.close()
    assert worker.process.wait(60) == 0


def test_a_request_that_hangs_when_the_window_is_gone_is_given_up(runs, start_worker):
    worker = start_worker(HANGING)
    worker.send(ask="readings", file=str(runs["ppf"]))
    worker.process.stdin.close()
    assert worker.process.wait(60) == 1
    assert b"given up" in worker.process.stderr.read()


def test_what_is_no_frame_ends_the_process_and_is_told(start_worker):
    worker = start_worker()
    worker.write(struct.pack("<II", 0xFFFFFFFF, 0) + b"x" * 100)
    assert worker.process.wait(60) == 2
    assert b"is no request" in worker.process.stderr.read()


def test_nothing_of_the_window_is_loaded(start_worker):
    worker = start_worker(
        "import app.library.worker\n"
        "assert not [m for m in sys.modules if 'qt' in m.lower()], sys.modules\n"
        "assert 'matplotlib' not in sys.modules"
    )
    assert worker.process.wait(60) == 0, worker.process.stderr.read()
