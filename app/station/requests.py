"""What a window may ask for: each request checked, done where it belongs, and answered."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from app.errors import InputError
from app.output import output_file
from app.running.experiment import Experiment
from app.running.user_protocol import find_protocol
from app.station.client import Client
from app.station.origins import Origin, campaign_runs
from app.station.station import Station
from app.station.wire import pack
from app.toml_file import Section, checked
from drivers.errors import InstrumentError
from protocols.quantities import Resistance

_log = logging.getLogger(__name__)


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("give an absolute path; the station's folder is not the window's")
    return path


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]


class Request(Section, ABC):
    """A request; its fields are the keys it accepts besides `do` and `id`."""

    where: ClassVar[str] = "at once"
    """"at once" in the window's own thread, at the "desk", or by the "instruments"."""

    @abstractmethod
    def done(self, station: Station) -> Mapping[str, Any]:
        """Do it; returns the reply's content."""


class Connect(Request):
    """Open a rig; `speed` is for a simulated one."""

    where = "instruments"
    rig: AbsolutePath | None = None
    speed: float | str | None = None

    def done(self, station: Station) -> Mapping[str, Any]:
        station.connect(self.rig, self.speed)
        return {}


class Disconnect(Request):
    """Make the rig safe and let go of it."""

    where = "instruments"

    def done(self, station: Station) -> Mapping[str, Any]:
        station.disconnect()
        return {}


class RunSection(Section):
    """One run to be queued; `values` differ from the preset's, as SI numbers or text."""

    protocol: str = Field(min_length=1)
    preset: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    sample: str = Field("", max_length=200)
    note: str = ""
    out: AbsolutePath

    def origin(self, station: Station) -> Origin:
        """The run, checked against the rig that is connected."""
        if ".py" in self.protocol and not Path(self.protocol).is_absolute():
            raise InputError(f"protocol {self.protocol!r}: give the file's absolute path")
        kind, source = find_protocol(self.protocol)
        rig = station.board.rig().file
        experiment = Experiment.build(kind, self.preset, self.values, rig, source)
        output_file(self.out, experiment.protocol.name, self.sample)  # can be had by now
        return Origin(
            asked=self.protocol, protocol=experiment.protocol, preset=experiment.preset,
            source=source, sample=self.sample, note=self.note, out=self.out,
            duration=experiment.plan.expected_duration,
        )  # fmt: skip


class Queue(Request):
    """Put runs at the end of the queue: all of them, or none when one cannot be used."""

    where = "desk"
    runs: tuple[RunSection, ...] = Field(min_length=1)

    def done(self, station: Station) -> Mapping[str, Any]:
        origins, problems = [], []
        for index, run in enumerate(self.runs):
            try:
                origins.append(run.origin(station))
            except InputError as error:
                where = f"runs.{index}: " if len(self.runs) > 1 else ""
                problems += [where + line for line in str(error).splitlines()]
        if problems:
            raise InputError("\n".join(problems))
        return {"ids": station.add(origins)}


class Campaign(Request):
    """Put the runs of a campaign file that are not complete in a folder into the queue."""

    where = "desk"
    file: AbsolutePath
    out: AbsolutePath

    def done(self, station: Station) -> Mapping[str, Any]:
        origins, unusable = campaign_runs(self.file, self.out, station.board.rig().file)
        return {"ids": station.add(origins), "not_counted": unusable}


class Remove(Request):
    """Take a run out that waits."""

    run: int

    def done(self, station: Station) -> Mapping[str, Any]:
        station.remove(self.run)
        return {}


class Move(Request):
    """Give a run that waits another place, from 0."""

    run: int
    to: int

    def done(self, station: Station) -> Mapping[str, Any]:
        station.move(self.run, self.to)
        return {}


class Clear(Request):
    """Take every run out that waits."""

    def done(self, station: Station) -> Mapping[str, Any]:
        station.clear()
        return {}


class Start(Request):
    """Play the queue until it is empty; also the answer to a hold."""

    where = "desk"  # after what was asked to be queued before

    def done(self, station: Station) -> Mapping[str, Any]:
        station.player.start()
        return {}


class StopAfter(Request):
    """Begin no further run after the one that plays."""

    def done(self, station: Station) -> Mapping[str, Any]:
        station.player.stop_after()
        return {}


class Pause(Request):
    """Pause after the program that plays."""

    def done(self, station: Station) -> Mapping[str, Any]:
        station.player.pause()
        return {}


class Resume(Request):
    """Carry on after a pause."""

    def done(self, station: Station) -> Mapping[str, Any]:
        station.player.resume()
        return {}


class Abort(Request):
    """End the run that plays now."""

    reason: str = Field("asked to abort", min_length=1)

    def done(self, station: Station) -> Mapping[str, Any]:
        station.player.abort(self.reason)
        return {}


class Select(Request):
    """Put a resistance across the device by hand."""

    where = "instruments"
    resistance: Annotated[Resistance, Field(gt=0)]

    def done(self, station: Station) -> Mapping[str, Any]:
        return station.select(self.resistance)


class Safe(Request):
    """Switch everything off; while a run plays that aborts it."""

    where = "instruments"

    def done(self, station: Station) -> Mapping[str, Any]:
        return station.make_safe()


class ReadBack(Request):
    """Ask the instruments for the state of the terminals."""

    where = "instruments"

    def done(self, station: Station) -> Mapping[str, Any]:
        return station.read_back()


class Quit(Request):
    """End the station; while a run plays only with `abort`."""

    abort: bool = False

    def done(self, station: Station) -> Mapping[str, Any]:
        station.quit(abort=self.abort)
        return {}


REQUESTS: Mapping[str, type[Request]] = {
    "connect": Connect, "disconnect": Disconnect, "queue": Queue, "campaign": Campaign,
    "remove": Remove, "move": Move, "clear": Clear, "start": Start, "stop_after": StopAfter,
    "pause": Pause, "resume": Resume, "abort": Abort, "select": Select, "safe": Safe,
    "read_back": ReadBack, "quit": Quit,
}  # fmt: skip


class Reception:
    """Takes the windows' requests to the station, and its replies back to them."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def attach(self, client: Client, hello: Mapping[str, Any]) -> None:
        """A window has said hello."""
        self._station.board.attach(client, _reply(hello, {}))

    def detach(self, client: Client) -> None:
        """A window has gone; that alone changes nothing."""
        self._station.board.audience.remove(client)

    def handle(self, client: Client, message: Mapping[str, Any]) -> None:
        """Do what a window asks for, or have it done."""
        station = self._station

        def answered(work: Callable[[], Mapping[str, Any] | None]) -> None:
            try:
                content = work()
            except (InputError, InstrumentError) as error:
                client.send(_refusal(message, str(error)))
            except Exception as error:  # noqa: BLE001 (told to who asked, and kept in the log)
                _log.exception("request %r", message.get("do"))
                text = f"a fault of the program, see the station's log: {error!r}"
                client.send(_refusal(message, text))
            else:
                if content is not None:
                    client.send(_reply(message, content))

        def begin() -> Mapping[str, Any] | None:
            request = _request(message)
            if request.where == "at once":
                return request.done(station)
            if isinstance(request, Safe) and station.player.abort_if_playing(
                "asked for the safe state"
            ):
                return {}
            if request.where == "instruments":
                station.board.check_free()
                hand_over = station.errands.with_instruments
            else:
                hand_over = station.errands.at_desk
            hand_over(lambda: answered(lambda: request.done(station)))
            return None

        answered(begin)


def _request(message: Mapping[str, Any]) -> Request:
    """The request that a message makes.

    Raises
    ------
    InputError
        There is no such request, or it does not take what it was given.
    """
    name = message.get("do")
    if not isinstance(name, str) or name not in REQUESTS:
        raise InputError(f"do = {name!r} is no request; there are: {', '.join(REQUESTS)}")
    content = {key: value for key, value in message.items() if key not in ("do", "id")}
    return checked(content, REQUESTS[name], name)


def _reply(message: Mapping[str, Any], content: Mapping[str, Any]) -> bytes:
    return pack({"reply": message.get("id"), "ok": True, **content})


def _refusal(message: Mapping[str, Any], error: str) -> bytes:
    return pack({"reply": message.get("id"), "ok": False, "error": error})
