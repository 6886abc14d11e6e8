"""The progress bar shows texts as they are, whatever is in them."""

import io

import pytest
from rich.console import Console

from app.commands.progress import ProgressSink
from app.running.sinks import Progress, RunState
from data.run import Event

NAME = "D[/]1 [bold]"


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def sink(out):
    with ProgressSink(Console(file=out, force_terminal=True, highlight=False, width=120)) as sink:
        yield sink


def test_a_device_to_be_connected_by_hand_is_named_as_it_is(sink, out):
    sink.state(RunState.PAUSED, f"connect {NAME}, then resume")
    sink.event(Event(0.0, "warning", f"paused: connect {NAME}"))
    sink._bar.refresh()
    assert out.getvalue().count(NAME) >= 3


def test_a_label_of_a_users_own_protocol_is_shown_as_it_is(sink, out):
    sink.progress(Progress(0.5, 1.0, NAME, 500.0, 0, 0, 0, 0.1))
    sink._bar.refresh()
    assert NAME in out.getvalue()
