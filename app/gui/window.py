"""The experimenter's window: it shows what the station tells and asks for what is wanted.

station events ──► StationView ──► every button, text and row
clicks, keys   ──► StationLink.ask ──► station
recorded files ──► LibraryLink.ask ──► charts, table of runs
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from numpy.typing import NDArray

from app.errors import InputError
from app.gui import theme
from app.gui.banner import Banner, Remedy
from app.gui.binding import QtCore, QtGui, QtWidgets
from app.gui.file_care import FileCare, Run
from app.gui.layout import Layout
from app.gui.library_link import Arrays, LibraryLink
from app.gui.preferences import Preferences
from app.gui.results import CHARTED, OTHER, export
from app.gui.run_feed import RunFeed, describe_failure
from app.gui.runs_model import Row, RunsModel, joined
from app.gui.station_link import StationLink
from app.gui.station_view import Activity, Allowed, StationView
from app.rigs.rig_file import RigFile

Qt = QtCore.Qt
_NO_WAIT = "as fast as possible"
_FRESH = 3000
"""Time between two looks at the folder of runs, in ms."""


class Window(QtWidgets.QMainWindow):
    """The main window.

    Parameters
    ----------
    station, library
        The ends of the two other processes; attached by `begin`.
    preferences
        What is remembered from one start to the next.
    rig
        Rig file to connect to instead of the simulated rig.
    """

    def __init__(
        self,
        station: StationLink,
        library: LibraryLink,
        preferences: Preferences,
        rig: Path | None = None,
    ) -> None:
        super().__init__()
        self._station, self._library, self._preferences = station, library, preferences
        self._view = StationView()
        self._recorded: list[Mapping[str, Any]] = []
        self._connect_first = str(rig) if rig else ""
        self._closing = self._looking = False
        self._ended: tuple[dict[str, Any], dict[str, Any]] | None = None
        self.model = RunsModel(theme.run_colours(preferences.dark), self)
        self.layout_ = Layout(self, self.model, library)
        self.banner: Banner = self.layout_.banner
        self.feed = RunFeed(self.layout_.live, self.layout_.log, library, self)
        self.care = FileCare(library, self)
        self._fresh = QtCore.QTimer(self, interval=_FRESH)
        self._fresh.timeout.connect(self.refresh_runs)
        self._connect_signals()
        self.layout_.restore(preferences)
        self.layout_.form.expected.wanted = preferences.rehearse
        self.layout_.rehearse.setChecked(preferences.rehearse)
        self.set_dark(preferences.dark)
        self._show()

    # What comes in

    def begin(self) -> None:
        """Find the station and list the runs; the window is on the screen by then."""
        self._station.attach()
        self.refresh_runs()
        self._fresh.start()

    def _told(self, message: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        if message["event"] == "station":
            self._take_state(StationView.of(message))
        else:
            self.feed.take(message, arrays)

    def _take_state(self, view: StationView) -> None:
        before, self._view = self._view, view
        if before.activity is Activity.AWAY:
            self._first_state(view)
        if view.connected:
            self.layout_.rig.choose(str(view.rig.get("path") or ""))
        if view.connected and not before.connected and view.rig.get("found"):
            # Left by a program that died; the log of the next run has it, too.
            text = "; ".join(map(str, view.rig["found"]))
            self.feed.say(text)
            self.banner.tell("WARNING", f"{view.output_words}. {text}")
        if view.rig != before.rig:
            self.layout_.form.set_rig(self._rig_file(), self.layout_.rig.path)
        self._show()
        if self._ended and not view.playing:
            self._explain(*self._ended)

    def _first_state(self, view: StationView) -> None:
        """Connect unless the station holds a rig already."""
        if view.connected or view.activity is Activity.CONNECTING:
            return
        if self._connect_first:
            self.layout_.rig.choose(self._connect_first)
        self._connect_rig(self.layout_.rig.path, self.layout_.rig.speed)

    def _went_on(self, progress: dict[str, Any]) -> None:
        number, fraction = int(progress.get("run") or 0), float(progress["fraction"])
        self._view = self._view.with_progress(number, fraction)
        self.model.show_progress(number, fraction)

    def _station_lost(self, why: str) -> None:
        self._view = StationView()
        self._show()
        self.banner.tell(
            "FAULT",
            f"{why}. The state of the output is UNKNOWN to this window.",
            remedies=(Remedy("&Retry", self._station.attach),),
        )

    def _run_ended(self, progress: dict[str, Any], end: dict[str, Any]) -> None:
        self.refresh_runs()
        if end["outcome"] == "finished":
            self._offer_result(str(end["file"]), str(self.feed.begin.get("protocol")))
            return
        # Said once the station has told in which state the output was left.
        self._ended = progress, end

    def _explain(self, progress: dict[str, Any], end: dict[str, Any]) -> None:
        self._ended = None
        kind = "FAULT" if end["outcome"] == "failed" else "WARNING"
        text = describe_failure(progress, end, self._view.output_words)
        remedies = [Remedy("&Retry", lambda: self._retry(int(end.get("run") or 0)))]
        if self._view.waiting:
            remedies.append(Remedy("Con&tinue queue", self.start_queue))
        details = f"{end['reason']}\n\n{self.layout_.log.toPlainText()[-4000:]}"
        self.banner.tell(kind, text, details, tuple(remedies))

    def _offer_result(self, file: str, protocol: str) -> None:
        tab = self.layout_.result_tab(protocol)
        tab.show_run(file)
        self.layout_.mark_news(CHARTED.get(protocol, OTHER))

    # What goes out

    def _ask(
        self, do: str, then: Callable[[Mapping[str, Any]], None] | None = None, **content: Any
    ) -> None:
        """Ask the station; a refusal is shown."""

        def answered(reply: Mapping[str, Any]) -> None:
            if not reply.get("ok"):
                self.banner.tell("WARNING", str(reply.get("error")))
            elif then:
                then(reply)

        self._station.ask(do, answered, **content)

    def run_now(self) -> None:
        """Play what the form describes, and nothing of what waits."""
        if not self._allowed().run:
            self.layout_.form.point_out()
            return
        self.banner.dismiss()
        self._play_now(self._described())

    def queue(self) -> None:
        """Queue what the form describes, behind what waits."""
        if not self._allowed().queue:
            self.layout_.form.point_out()
            return
        self._ask("queue", runs=[self._described()])

    def start_queue(self) -> None:
        """Play what waits, whatever the form describes."""
        self.banner.dismiss()
        self._ask("start")

    def clear_queue(self) -> None:
        """Take out all that waits, once that is confirmed; what plays goes on."""
        count = len(self._view.waiting)
        box = QtWidgets.QMessageBox(self)
        box.setWindowTitle("Clear queue")
        box.setText(f"{count} {'run waits' if count == 1 else 'runs wait'}. Take out all of them?")
        clear = box.addButton("&Take out", QtWidgets.QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QtWidgets.QMessageBox.StandardButton.Cancel))
        box.exec()
        if box.clickedButton() is clear:
            self._ask("clear")

    def _described(self) -> dict[str, Any]:
        return {**self.layout_.form.request(), "out": str(self._preferences.folder)}

    def _play_now(self, run: Mapping[str, Any]) -> None:
        """Queue a run before those that wait, and play it alone."""

        def queued(reply: Mapping[str, Any]) -> None:
            (number,) = reply["ids"]
            self._ask("move", run=number, to=0)
            alone = (lambda _: self._ask("stop_after")) if self._others_wait(number) else None
            self._ask("start", alone)

        self._ask("queue", queued, runs=[dict(run)])

    def _others_wait(self, number: int) -> bool:
        return any(run.number != number for run in self._view.waiting)

    def _retry(self, number: int) -> None:
        run = self._view.run(number)
        if run is None:
            return
        again = {
            "protocol": run.protocol, "preset": run.preset or None, "values": dict(run.values),
            "sample": run.sample, "note": run.note, "out": str(self._preferences.folder),
        }  # fmt: skip
        self._play_now(again)

    def pause_or_resume(self) -> None:
        """Pause after the program that plays, or carry on."""
        if self._allowed().pause:
            self._ask("pause" if self._view.activity is Activity.RUNNING else "resume")

    def abort(self) -> None:
        """End the run, if one plays, and make the rig safe."""
        if self._view.playing:
            self._ask("abort", reason="aborted by the operator")
        elif self._view.connected:
            self._ask("safe")

    def _connect_rig(self, path: str, speed: float) -> None:
        """Open a rig, after letting go of the one that is open; without a speed, no wait."""
        if self.banner.kind == "WARNING":
            self.banner.dismiss()  # it is of the rig as it was

        def connect(_: Mapping[str, Any] | None = None) -> None:
            wanted: dict[str, Any] = {"rig": path} if path else {"speed": speed or _NO_WAIT}
            self._ask("connect", **wanted)

        if self._view.connected:
            self._ask("disconnect", connect)
        else:
            connect()

    def load_campaign(self, path: str = "") -> None:
        """Put the runs of a campaign file into the queue."""
        path = path or self._choose("Campaign file", "Campaign files (*.toml);;All files (*)")
        if path:
            self._ask("campaign", file=path, out=str(self._preferences.folder))

    def open_folder(self, folder: str = "") -> None:
        """List the runs of another folder, and record there."""
        folder = folder or QtWidgets.QFileDialog.getExistingDirectory(
            self, "Folder of runs", str(self._preferences.folder)
        )
        if folder:
            self._preferences.folder = Path(folder)
            self.refresh_runs()
            self._show()

    def export_shown(self, path: str = "") -> None:
        """Write what the tab in front shows as a figure or as a table of its numbers."""
        source = self.layout_.shown_source(self.feed.file)
        if source is None:
            self.banner.tell("WARNING", "This tab shows nothing that could be exported.")
            return
        if not path:
            path, _ = QtWidgets.QFileDialog.getSaveFileName(
                self, "Export", str(self._preferences.folder / "figure.png"),
                "Figures (*.png *.svg *.pdf);;Numbers (*.csv)",
                options=QtWidgets.QFileDialog.Option.DontConfirmOverwrite,
            )  # fmt: skip
        if path:

            def done(problem: str) -> None:
                if problem:
                    self.banner.tell("WARNING", f"not exported: {problem}")
                else:
                    self.feed.say(f"exported {path}")
                    self.layout_.status.say(f"exported {path}")

            export(self._library, source, path, self._preferences.dark, done)

    # What is shown

    def refresh_runs(self) -> None:
        """Look at the folder of runs again, unless that is being done."""
        if self._looking:
            return
        self._looking = True

        def answered(reply: Mapping[str, Any], _arrays: Arrays) -> None:
            self._looking = False
            if reply.get("ok"):
                self._recorded = list(reply["rows"])
            elif self._preferences.folder.exists():
                self.banner.tell("WARNING", f"{self._preferences.folder}: {reply.get('error')}")
            self._show_rows()

        self._library.ask("rows", answered, folder=str(self._preferences.folder))

    def _show_rows(self) -> None:
        rows = joined(self._view.queue, self._recorded)
        word = self._view.run_word
        self.model.update_rows([
            replace(row, status=word) if word and row.number == self._view.current else row
            for row in rows
        ])  # fmt: skip

    def _show(self) -> None:
        allowed = self._allowed()
        self.layout_.show_state(self._view, allowed, self._preferences.folder)
        self._show_rows()

    def _allowed(self) -> Allowed:
        return Allowed.in_state(self._view, self.layout_.form.valid)

    def set_dark(self, dark: bool) -> None:
        """Take the light or the dark theme."""
        self._preferences.dark = dark
        application = QtWidgets.QApplication.instance()
        if isinstance(application, QtWidgets.QApplication):
            theme.apply(application, dark)
        self.model.set_colours(theme.run_colours(dark))
        self.layout_.set_dark(dark)

    def _set_rehearsing(self, wanted: bool) -> None:
        self._preferences.rehearse = wanted
        self.layout_.form.set_rehearsing(wanted)

    def _selected(self, row: Row | None) -> None:
        if row is not None and row.recorded_and_ended and row.status != "unreadable":
            tab = self.layout_.result_tab(row.protocol)
            if (tab.source or {}).get("file") != row.file:
                tab.show_run(row.file)

    def _opened(self, row: Row) -> None:
        if row.status == "unreadable":
            self.banner.tell("WARNING", f"{row.file}: {row.problem}")
        elif row.under_way:
            self.layout_.show_tab("Live")
        elif row.file:
            self._selected(row)
            self.layout_.show_tab(CHARTED.get(row.protocol, OTHER))

    def _load_into_form(self, row: Row) -> None:
        self._asked_for(
            row,
            lambda run: self._fill_form(
                run["protocol"], run["preset"], run["values"], run["sample"], run["notes"]
            ),
        )

    def _queue_again(self, row: Row) -> None:
        def queue(run: Run) -> None:
            again = {name: run[name] for name in ("protocol", "preset", "values", "sample")}
            out = str(self._preferences.folder)
            preset = again["preset"] or None
            self._ask("queue", runs=[{**again, "preset": preset, "note": run["notes"], "out": out}])

        self._asked_for(row, queue)

    def _asked_for(self, row: Row, then: Callable[[Run], None]) -> None:
        """How a run was asked for: known of those in the queue, else read from the file."""
        run = self._view.run(row.number)
        if run is None:
            self.care.repeat(row.file, str(self._view.rig.get("path") or ""), then)
            return
        then({
            "protocol": run.protocol, "preset": run.preset, "values": run.values,
            "sample": run.sample, "notes": run.note,
        })  # fmt: skip

    def _say_of_file(self, kind: str, text: str, details: str, damaged: str) -> None:
        """What came of looking after a file: in the log, and above all else unless a fault is."""
        self.feed.say("\n".join(filter(None, (text, details))))
        recover = Remedy("Make a &recovered file", lambda: self.care.recover(damaged))
        if not self.banner.tell(kind, text, details, (recover,) if damaged else ()):
            self.layout_.status.say("the result is in the tab Log")

    def _fill_form(
        self, protocol: str, preset: str, values: Mapping[str, Any], sample: str, note: str
    ) -> None:
        try:
            self.layout_.form.load(protocol, preset, values, sample, note)
        except InputError as error:
            self.banner.tell("WARNING", str(error))

    def _note(self, file: str, notes: str, tags: list[str]) -> None:
        def answered(reply: Mapping[str, Any], _arrays: Arrays) -> None:
            if not reply.get("ok"):
                self.banner.tell("WARNING", f"not noted: {reply.get('error')}")
            self.refresh_runs()

        self._library.ask("note", answered, file=file, notes=notes, tags=tags)

    def _rig_file(self) -> RigFile | None:
        """The rig that runs are checked against; None when its file cannot be used."""
        path = self.layout_.rig.path
        try:
            return RigFile.read(Path(path) if path else None)
        except InputError as error:
            self.banner.tell("WARNING", str(error))
            return None

    # The end

    def closeEvent(self, event: QtGui.QCloseEvent) -> None:  # noqa: N802
        if self._closing or not self._view.playing:
            self._leave()
            event.accept()
            return
        event.ignore()
        match self._ask_how_to_close():
            case "stop":
                self.stop_and_close()
            case "leave":
                self._leave()
                event.accept()

    def _ask_how_to_close(self) -> str:
        box = QtWidgets.QMessageBox(self)
        box.setWindowTitle("A run is going on")
        box.setText("A run is going on. What is to happen to it?")
        box.setInformativeText(
            "Left running, it is recorded to its end by the station; the next window shows it."
        )
        role = QtWidgets.QMessageBox.ButtonRole
        buttons = {
            box.addButton("&Stop the run, then close", role.DestructiveRole): "stop",
            box.addButton("&Leave it running and close", role.AcceptRole): "leave",
        }
        cancel = box.addButton(QtWidgets.QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(cancel)
        box.setEscapeButton(cancel)
        box.exec()
        return buttons.get(box.clickedButton()) or "cancel"

    def stop_and_close(self) -> None:
        """Abort what plays, wait until the rig is safe and the file closed, then close."""
        if not self._view.playing:
            self._closing = True
            self.close()
            return

        def safe_now(message: Mapping[str, Any], _arrays: Arrays) -> None:
            if message["event"] == "station" and not StationView.of(message).playing:
                self._station.told.disconnect(safe_now)
                self._closing = True
                self.close()

        self._station.told.connect(safe_now)
        self._ask("abort", reason="the window was closed")

    def leave_and_close(self) -> None:
        """Close; the station plays on what it plays, and records it."""
        self._closing = True
        self.close()

    def _leave(self) -> None:
        self._fresh.stop()
        self.layout_.save(self._preferences)
        self._station.close()
        self._library.close()
        self.layout_.form.rehearsals.close()

    # Wiring

    def _connect_signals(self) -> None:
        layout, station = self.layout_, self._station
        station.told.connect(self._told)
        station.lost.connect(self._station_lost)
        layout.run.triggered.connect(self.run_now)
        layout.queue.triggered.connect(self.queue)
        layout.start.triggered.connect(self.start_queue)
        layout.clear.triggered.connect(self.clear_queue)
        layout.pause.triggered.connect(self.pause_or_resume)
        layout.abort.triggered.connect(self.abort)
        layout.open_folder.triggered.connect(lambda: self.open_folder())
        layout.campaign.triggered.connect(lambda: self.load_campaign())
        layout.export.triggered.connect(lambda: self.export_shown())
        layout.own_protocol.triggered.connect(self._own_protocol)
        layout.dark.toggled.connect(self.set_dark)
        layout.rehearse.toggled.connect(self._set_rehearsing)
        layout.quit.triggered.connect(self.close)
        layout.form.changed.connect(self._show)
        layout.rig.connect_wanted.connect(self._connect_rig)
        layout.rig.disconnect_wanted.connect(lambda: self._ask("disconnect"))
        layout.rig.safe_wanted.connect(self.abort)
        layout.rig.resistance_wanted.connect(
            lambda ohms: self._ask("select", resistance=_json(ohms))
        )
        layout.table.selected.connect(self._selected)
        layout.table.opened.connect(self._opened)
        layout.table.moved.connect(lambda run, to: self._ask("move", run=run, to=to))
        layout.table.removed.connect(lambda run: self._ask("remove", run=run))
        layout.table.load_wanted.connect(self._load_into_form)
        layout.table.again_wanted.connect(self._queue_again)
        layout.table.verify_wanted.connect(lambda row: self.care.verify(row.file))
        layout.table.recover_wanted.connect(lambda row: self.care.recover(row.file))
        layout.table.folder_wanted.connect(_show_folder)
        self.care.told.connect(self._say_of_file)
        self.care.made.connect(lambda _file: self.refresh_runs())
        self.model.shown_changed.connect(self._compare)
        self.model.noted.connect(self._note)
        self.feed.progressed.connect(layout.status.show_progress)
        self.feed.progressed.connect(self._went_on)
        self.feed.ended.connect(self._run_ended)
        self.feed.pausing.connect(
            lambda seconds: layout.status.expect_pause(self._view.wall_time(seconds))
        )
        self.feed.warned.connect(lambda text: self.banner.tell("WARNING", text))

    def _compare(self, files: list[str]) -> None:
        self.layout_.compare.show_files(files)
        if files:
            self.layout_.mark_news("Compare")

    def _own_protocol(self) -> None:
        path = self._choose("Python file with a protocol", "Python files (*.py)")
        if not path:
            return
        name, ok = QtWidgets.QInputDialog.getText(
            self, "Own protocol", f"Name of the class in {Path(path).name}:"
        )
        if ok and name.strip():
            self._fill_form(f"{path}:{name.strip()}", "", {}, "", "")

    def _choose(self, title: str, kinds: str) -> str:
        path, _ = QtWidgets.QFileDialog.getOpenFileName(
            self, title, str(self._preferences.folder), kinds
        )
        return str(path)

    def slot_failed(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """An exception that nothing caught: shown, logged, and the window goes on."""
        details = "".join(traceback.format_exception(kind, error, trace))
        self.feed.say(details)
        self.banner.tell(
            "FAULT",
            f"A fault of this window: {kind.__name__}: {error}. The station is not touched by "
            "it; a run that plays goes on and F12 still ends it.",
            details,
        )


def _show_folder(row: Row) -> None:
    QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(str(Path(row.file).parent)))


def _json(ohms: float) -> float | str:
    return "open" if ohms == float("inf") else ohms
