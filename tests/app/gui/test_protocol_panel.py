"""The next run: what it is, whether it can be run, and a window that stays free meanwhile."""

import sys

import pytest

from app.errors import InputError
from app.gui import theme
from app.gui.binding import QtCore, QtWidgets
from app.gui.prospect import NO_RIG
from app.gui.protocol_panel import ProtocolPanel
from app.rigs.rig_file import RigFile
from protocols.catalogue import PROTOCOLS

Qt = QtCore.Qt
OWN = '''
from typing import ClassVar
from pydantic import Field
from protocols.program import PulseProgram, PulseTrain
from protocols.protocol import Preset, Protocol
from protocols.steps import Play, Steps

ENDED = []

class Own(Protocol):
    """Pulses."""
    name: ClassVar[str] = "own"
    title: ClassVar[str] = "Pulses of my own"
    phases: ClassVar[tuple[str, ...]] = ("own",)
    presets: ClassVar = {"only": Preset("There is but one.")}
    count: int = Field(3, ge=1)

    def steps(self) -> Steps:
        while self.count == 99 and not ENDED:
            pass
        train = PulseTrain(1e-3, 5e-3, 5e-3, self.count, "own")
        yield Play(PulseProgram.compile(
            [train], phases=self.phase_names(), limit=0.5, aperture=1e-3), "own")
'''


@pytest.fixture
def panel(qtbot):
    made = ProtocolPanel()
    scroll = QtWidgets.QScrollArea(widgetResizable=True)
    scroll.setWidget(made)
    scroll.resize(320, 560)
    qtbot.addWidget(scroll)
    with qtbot.waitExposed(scroll):
        scroll.show()
    qtbot.waitUntil(lambda: made.prospect is not None, timeout=20_000)
    yield made
    scroll.close()  # until here the area is kept: with it all that is in it would be gone


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(OWN, encoding="utf-8")
    return path


def control(panel, name):
    return panel.form.findChild(QtWidgets.QWidget, f"field_{name}")


def words(panel, name):
    return panel.findChild(QtWidgets.QLabel, name)


def settle(qtbot, panel):
    qtbot.waitUntil(lambda: panel.prospect is not None, timeout=20_000)


def test_at_the_first_start_ltp_ltd_is_ready_to_run(panel):
    assert panel.protocol == "ltp-ltd"
    assert panel.valid
    assert words(panel, "verdict_chip").text() == "READY"
    assert "2602B can time it" in words(panel, "facts").text()
    assert panel.preview.shape is not None
    assert panel.request() == {
        "protocol": "ltp-ltd", "preset": "paper-20ms", "values": {}, "sample": "", "note": "",
    }  # fmt: skip


@pytest.mark.parametrize("kind", PROTOCOLS, ids=lambda p: p.name)
def test_every_protocol_can_be_chosen_and_is_judged(qtbot, panel, kind):
    chooser = panel.findChild(QtWidgets.QComboBox, "protocol")
    chooser.setCurrentIndex(chooser.findData(kind.name))
    settle(qtbot, panel)
    assert panel.protocol == panel.request()["protocol"] == kind.name
    # The embedded rig has no devices behind relays, which the first preset of an array needs.
    assert panel.valid == (kind.name != "array")
    assert panel.preview.shape is not None


def test_an_edit_blocks_the_run_until_it_is_judged(qtbot, panel):
    control(panel, "width").setText("10 ms")
    assert not panel.valid
    assert words(panel, "verdict_chip").text() == "CHECKING"
    with qtbot.waitSignal(panel.changed):
        pass
    settle(qtbot, panel)
    assert panel.valid
    assert panel.prospect.experiment.protocol.width == 0.01
    assert panel.request()["values"] == {"width": 0.01}


def test_a_wrong_field_blocks_the_run_at_once_and_can_be_gone_to(qtbot, panel):
    told = []
    panel.changed.connect(lambda: told.append(panel.valid))
    control(panel, "reset_watch").setText("3 V")
    assert not panel.valid
    assert told[-1] is False
    assert words(panel, "verdict_chip").text() == "ERROR"
    assert "reset_watch" in words(panel, "verdict").text()
    assert panel.preview.shape is None
    panel.point_out()
    line = control(panel, "reset_watch")
    qtbot.waitUntil(line.hasFocus)
    assert not line.visibleRegion().isEmpty()


def test_parameters_that_do_not_fit_together_are_told(qtbot, panel):
    control(panel, "period").setText("10 ms")
    settle(qtbot, panel)
    assert not panel.valid
    assert "does not fit into the period" in words(panel, "together").text()
    control(panel, "period").setText("50 ms")
    settle(qtbot, panel)
    assert panel.valid
    assert words(panel, "together").isHidden()


def test_the_rigs_refusal_is_told_before_the_run(qtbot, panel):
    strict = RigFile(device={"max_current": "0.5 mA"})
    panel.set_rig(strict)
    settle(qtbot, panel)
    assert not panel.valid
    assert words(panel, "verdict_chip").text() == "THE RIG REFUSES"
    assert "max_current of 500 uA" in words(panel, "verdict").text()
    assert panel.preview.shape is not None
    panel.set_rig(None)
    settle(qtbot, panel)
    assert words(panel, "verdict").text() == NO_RIG
    panel.set_rig(RigFile())
    settle(qtbot, panel)
    assert panel.valid


def test_a_protocol_that_was_left_keeps_its_edits_and_the_sample_goes_along(qtbot, panel):
    chooser = panel.findChild(QtWidgets.QComboBox, "protocol")
    control(panel, "width").setText("7 ms")
    panel.form.findChild(QtWidgets.QLineEdit, "sample").setText("D7")
    chooser.setCurrentIndex(chooser.findData("ppf"))
    assert panel.form.sample == "D7"
    assert control(panel, "width").text() == "20 ms"
    chooser.setCurrentIndex(chooser.findData("ltp-ltd"))
    assert control(panel, "width").text() == "7 ms"


def test_a_protocol_of_ones_own_is_chosen_by_file_and_class(qtbot, panel, own):
    name = f"{own}:Own"
    panel.load(name, "", {"count": 5}, "D1", "mine")
    settle(qtbot, panel)
    assert panel.valid
    assert panel.request() == {
        "protocol": name, "preset": "only", "values": {"count": 5}, "sample": "D1", "note": "mine",
    }  # fmt: skip
    chooser = panel.findChild(QtWidgets.QComboBox, "protocol")
    assert chooser.currentText() == "own.py:Own"
    chooser.setCurrentIndex(chooser.findData("ppf"))
    chooser.setCurrentIndex(chooser.findData(name))
    assert control(panel, "count").text() == "5"


def test_what_cannot_be_loaded_leaves_the_form_as_it_was(qtbot, panel, own):
    control(panel, "width").setText("7 ms")
    for name, values in ((f"{own}:Other", {}), ("no-such", {}), ("ppf", {"depth": 1})):
        with pytest.raises(InputError):
            panel.load(name, "", values, "", "")
    assert panel.protocol == "ltp-ltd"
    assert control(panel, "width").text() == "7 ms"


def test_a_file_that_is_broken_since_blocks_the_run(qtbot, panel, own):
    name = f"{own}:Own"
    panel.load(name, "", {}, "", "")
    chooser = panel.findChild(QtWidgets.QComboBox, "protocol")
    chooser.setCurrentIndex(chooser.findData("ppf"))
    settle(qtbot, panel)
    own.write_text("class Own(:\n", encoding="utf-8")
    chooser.setCurrentIndex(chooser.findData(name))
    panel.set_rig(RigFile())
    assert not panel.valid
    assert "not valid Python" in words(panel, "verdict").text()
    assert panel.form.isHidden()
    chooser.setCurrentIndex(chooser.findData("ltp-ltd"))
    settle(qtbot, panel)
    assert panel.valid
    assert panel.form.isVisible()


def test_a_file_that_was_edited_is_read_anew_by_choosing_it_again(qtbot, panel, own):
    panel.load(f"{own}:Own", "", {}, "D1", "")
    settle(qtbot, panel)
    own.write_text(OWN.replace("Field(3,", "Field(4,"), encoding="utf-8")
    control(panel, "count").setText("5")
    settle(qtbot, panel)
    told = panel.form.findChild(QtWidgets.QLabel, "together").text()
    assert "has changed since it was read" in told
    chooser = panel.findChild(QtWidgets.QComboBox, "protocol")
    chooser.setFocus()
    qtbot.keyClick(chooser, Qt.Key.Key_F4)
    qtbot.keyClick(chooser.view(), Qt.Key.Key_Return)
    settle(qtbot, panel)
    assert panel.valid
    assert control(panel, "count").text() == "4"
    assert panel.form.sample == "D1"


def test_a_file_is_named_so_that_the_station_finds_it_from_any_folder(
    panel, own, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    panel.load("own.py:Own", "", {}, "", "")
    assert panel.protocol == f"{own}:Own"


def test_heavy_work_leaves_the_window_free_and_the_last_edit_wins(qtbot, panel):
    panel.load("endurance", "hundred", {}, "", "")
    settle(qtbot, panel)
    cycles, turns = control(panel, "cycles"), []
    timer = QtCore.QTimer(interval=0)
    timer.timeout.connect(lambda: turns.append(panel.valid))
    timer.start()
    for text in ("1", "10", "100", "1000", "10000", "100000"):
        cycles.setText(text)
    before = len(turns)
    settle(qtbot, panel)
    assert len(turns) > before  # events went on being handled while it was worked out
    assert panel.prospect.draft.values == {"cycles": 100_000}
    assert "4 d 15 h" in words(panel, "facts").text()


def test_steps_that_never_return_do_not_block_what_comes_after(qtbot, panel, own, monkeypatch):
    monkeypatch.setattr("app.gui.latest._PATIENCE", 0.05)
    panel.load(f"{own}:Own", "", {"count": 99}, "", "")
    qtbot.wait(100)
    assert not panel.valid
    panel.load("ltp-ltd", "", {}, "", "")
    settle(qtbot, panel)
    assert panel.valid
    (kind,) = [k for k in panel._forms if k.name == "own"]
    sys.modules[kind.__module__].ENDED.append("so that the thread left behind ends")


def test_a_run_that_was_asked_for_is_a_copy(qtbot, panel):
    control(panel, "states").setText("500, open")
    asked = panel.request()
    control(panel, "states").setText("8k")
    assert asked["values"] == {"states": [500.0, "open"]}


def test_tab_goes_from_the_chooser_through_the_form(qtbot, panel):
    chooser = panel.findChild(QtWidgets.QComboBox, "protocol")
    for name in ("ppf", "ltp-ltd"):
        chooser.setCurrentIndex(chooser.findData(name))
        chooser.setFocus(Qt.FocusReason.TabFocusReason)
        seen = [c.objectName() for c in (chooser, *panel.form.controls) if c.isVisible()]
        passed = []
        for _ in seen:
            passed.append(panel.window().focusWidget().objectName())
            qtbot.keyClick(panel.window().focusWidget(), Qt.Key.Key_Tab)
        assert passed == seen


def test_a_letter_leads_to_its_field(qtbot, panel):
    panel.window().activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    (label,) = [
        w for w in panel.form.findChildren(QtWidgets.QLabel) if w.buddy() is control(panel, "width")
    ]
    letter = label.text()[label.text().index("&") + 1].upper()
    qtbot.keyClick(panel.window(), letter, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(control(panel, "width").hasFocus)


def test_the_list_of_protocols_opens_by_command(qtbot, panel):
    panel.choose_kind()
    chooser = panel.findChild(QtWidgets.QComboBox, "protocol")
    qtbot.waitUntil(chooser.view().isVisible)
    qtbot.keyClick(chooser.view(), Qt.Key.Key_Escape)
    assert panel.protocol == "ltp-ltd"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("kind", PROTOCOLS, ids=lambda p: p.name)
def test_it_fits_into_300_pixels_in_either_theme(qtbot, qapp, panel, kind, dark):
    theme.apply(qapp, dark)
    panel.set_dark(dark)
    panel.window().resize(300, 600)
    chooser = panel.findChild(QtWidgets.QComboBox, "protocol")
    chooser.setCurrentIndex(chooser.findData(kind.name))
    settle(qtbot, panel)
    width = panel.window().viewport().width()
    assert panel.minimumSizeHint().width() <= width <= 300
    for visible in panel.findChildren(QtWidgets.QWidget):
        if visible.isVisible() and visible.parent() is panel.form:
            right = visible.mapTo(panel, visible.rect().topRight()).x()
            assert right <= width, visible.objectName()
    theme.apply(qapp, False)
