"""Only what was asked for last counts, and nobody waits for what nobody wants any more."""

import threading

import pytest

from app.gui import latest
from app.gui.latest import Latest


class Work:
    """Jobs that last until the test lets them go on."""

    def __init__(self):
        self.begun, self.gates = [], {}

    def gate(self, job):
        return self.gates.setdefault(job, threading.Event())

    def __call__(self, job):
        self.begun.append(job)
        if not self.gate(job).wait(20):
            raise TimeoutError(job)
        return f"{job} done"


@pytest.fixture
def work():
    made = Work()
    yield made
    for gate in made.gates.values():
        gate.set()


def test_jobs_in_between_are_never_begun(qtbot, work):
    does, results = Latest(work, pause=0), []
    does.done.connect(results.append)
    does.ask("a")
    qtbot.waitUntil(lambda: work.begun == ["a"])
    for job in ("b", "c", "d"):
        does.ask(job)
    work.gate("a").set()
    work.gate("d").set()
    qtbot.waitUntil(lambda: results == ["d done"])
    assert work.begun == ["a", "d"]
    assert not does.pending


def test_the_window_is_free_while_a_job_lasts(qtbot, work):
    does = Latest(work, pause=0)
    does.ask("a")
    qtbot.waitUntil(lambda: work.begun == ["a"])
    assert does.pending
    with qtbot.waitSignal(does.done) as told:
        work.gate("a").set()
    assert told.args == ["a done"]


def test_a_job_that_does_not_end_is_left_and_its_result_thrown_away(qtbot, work, monkeypatch):
    monkeypatch.setattr(latest, "_PATIENCE", 0.0)
    does, results = Latest(work, pause=0), []
    does.done.connect(results.append)
    work.gate("new").set()
    does.ask("endless")
    qtbot.waitUntil(lambda: work.begun == ["endless"])
    does.ask("new")
    qtbot.waitUntil(lambda: results == ["new done"])
    work.gate("endless").set()
    does.ask("new")
    qtbot.waitUntil(lambda: results == ["new done", "new done"])


def test_not_more_than_a_few_are_left(qtbot, work, monkeypatch):
    monkeypatch.setattr(latest, "_PATIENCE", 0.0)
    does = Latest(work, pause=0)
    for k in range(4):
        does.ask(k)
        qtbot.waitUntil(lambda k=k: len(work.begun) == k + 1)
    does.ask("fifth")
    qtbot.wait(50)
    assert work.begun == [0, 1, 2, 3]
    work.gate(0).set()
    qtbot.waitUntil(lambda: work.begun[-1] == "fifth")


def test_a_fault_of_the_work_is_raised_where_it_is_heard(qtbot):
    def broken(job):
        raise KeyError(job)

    does = Latest(broken, pause=0)
    with qtbot.captureExceptions() as caught:
        does.ask("x")
        qtbot.waitUntil(lambda: bool(caught))
    assert caught[0][0] is KeyError
    assert not does.pending


def test_a_window_that_closes_meanwhile_is_no_fault(qtbot, qapp, work):
    does = Latest(work, pause=0)
    does.ask("a")
    qtbot.waitUntil(lambda: work.begun == ["a"])
    (thread,) = [t for t in threading.enumerate() if t.daemon and t.name.endswith("(_run)")]
    does.deleteLater()
    qapp.sendPostedEvents()
    qapp.processEvents()
    work.gate("a").set()
    thread.join(10)
    assert not thread.is_alive()
