"""A form is made of a protocol's own parameters, whoever wrote it, and keeps what is typed."""

import json

import pytest

from app.errors import InputError
from app.gui.binding import QtCore, QtWidgets
from app.gui.checked import CheckedChoice, CheckedEdit, CheckedSwitch
from app.gui.form_rows import mnemonics
from app.gui.protocol_form import ProtocolForm
from app.rigs.rig_file import RigFile
from app.running.user_protocol import find_protocol
from protocols.catalogue import PROTOCOLS, find
from protocols.errors import ParameterError

Qt = QtCore.Qt
RIG = RigFile()
OWN = '''
from typing import Annotated, ClassVar, Literal
from pydantic import Field, field_validator
from protocols.program import PulseProgram, PulseTrain
from protocols.protocol import Preset, Protocol
from protocols.quantities import Current, Time
from protocols.steps import Play, Steps

class Own(Protocol):
    """Every kind of parameter."""
    name: ClassVar[str] = "own"
    title: ClassVar[str] = "Every kind of parameter"
    phases: ClassVar[tuple[str, ...]] = ("own",)
    presets: ClassVar = {"only": Preset("<b>Bold</b> & plain.")}
    amplitude: Annotated[Current, Field(gt=0, le=5e-3)] = Field(1e-3, description="How <much>")
    rest: Annotated[Time, Field(gt=0)] | None = None
    count: int = Field(3, ge=1, le=9)
    factor: float = 1.0
    fast: bool = False
    edge: Literal["up", "down"] = "up"
    side: Literal["left", "right"] | None = None
    label: str = "x"
    counts: tuple[int, ...] = (1, 2)

    @field_validator("edge")
    @classmethod
    def _up_only(cls, value):
        if value == "down":
            raise ValueError("down is not built yet")
        return value

    def steps(self) -> Steps:
        train = PulseTrain(self.amplitude, 5e-3, 5e-3, self.count, "own")
        yield Play(PulseProgram.compile(
            [train], phases=self.phase_names(), limit=0.5, aperture=1e-3), "own")
'''


@pytest.fixture
def form_of(qtbot):
    def make(name):
        kind, source = find_protocol(name)
        form = ProtocolForm(kind, source)
        qtbot.addWidget(form)
        return form

    return make


@pytest.fixture
def own(tmp_path, form_of):
    path = tmp_path / "own.py"
    path.write_text(OWN, encoding="utf-8")
    return form_of(f"{path}:Own")


def control(form, name):
    return form.findChild(QtWidgets.QWidget, f"field_{name}")


def type_into(form, name, text):
    line = control(form, name)
    line.setText(text)
    return line


@pytest.mark.parametrize("kind", PROTOCOLS, ids=lambda p: p.name)
def test_every_parameter_of_every_protocol_has_a_field_with_its_preset(form_of, kind):
    form = form_of(kind.name)
    for preset in kind.presets:
        form.load(preset, {})
        assert form.preset == preset
        assert form.modified == ()
        assert form.values() == {}
        for parameter in kind.parameters():
            tip = control(form, parameter.name).toolTip()
            assert parameter.name in tip
            if parameter.quantity:
                assert f" in {parameter.quantity.unit}" in tip
    if kind.name != "array":
        first = next(iter(kind.presets))
        form.load(first, {})
        assert form.experiment(RIG).protocol == kind.build(first)


def test_a_tooltip_tells_description_unit_limits_and_default(form_of):
    form = form_of("ltp-ltd")
    tip = control(form, "width").toolTip()
    for part in ("width: Time on", "a quantity in s", "Limits: &gt; 0 s", "Default: 20 ms"):
        assert part in tip


def test_each_kind_of_parameter_has_its_editor(own):
    kinds = {name: type(field.editor) for name, field in own._fields.items()}
    assert kinds == {
        "amplitude": CheckedEdit, "rest": CheckedEdit, "count": CheckedEdit,
        "factor": CheckedEdit, "fast": CheckedSwitch, "edge": CheckedChoice,
        "side": CheckedChoice, "label": CheckedEdit, "counts": CheckedEdit,
    }  # fmt: skip
    assert control(own, "rest").placeholderText() == "(not given)"


def test_values_of_each_kind_are_json_and_only_what_differs(qtbot, own):
    type_into(own, "amplitude", "2 mA")
    type_into(own, "rest", "5m")
    type_into(own, "counts", "4, 5")
    type_into(own, "label", "D 7")
    control(own, "fast").setChecked(True)
    control(own, "side").setCurrentIndex(2)
    values = own.values()
    assert values == {
        "amplitude": 2e-3, "rest": 5e-3, "fast": True, "side": "right", "label": "D 7",
        "counts": [4, 5],
    }  # fmt: skip
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    built = own.experiment(RIG).protocol
    assert (built.counts, built.side, built.fast) == ((4, 5), "right", True)


def test_open_is_a_word_in_json(form_of):
    form = form_of("ltp-ltd")
    type_into(form, "states", "500, open")
    assert form.values() == {"states": [500.0, "open"]}


def test_changing_a_field_marks_the_preset_as_modified_until_it_is_back(qtbot, form_of):
    form = form_of("ltp-ltd")
    difference = form.findChild(QtWidgets.QLabel, "difference")
    assert difference.isHidden()
    with qtbot.waitSignal(form.changed):
        type_into(form, "width", "10 ms")
    assert form.modified == ("width",)
    assert difference.text() == "Modified: width"
    assert not difference.isHidden()
    (words,) = [
        w for w in form.findChildren(QtWidgets.QLabel) if w.buddy() is control(form, "width")
    ]
    assert words.text().startswith("\N{BULLET} ")
    type_into(form, "width", "0.02")  # the preset's 20 ms, written another way
    assert form.modified == ()
    assert control(form, "width").text() == "0.02"
    type_into(form, "gap", "rubbish")
    assert form.modified == ("gap",)
    qtbot.mouseClick(form.findChild(QtWidgets.QPushButton, "back_to_preset"), Qt.LeftButton)
    assert form.modified == ()
    assert control(form, "gap").text() == "20 ms"
    assert control(form, "width").text() == "20 ms"


def test_a_preset_fills_the_fields_and_explains_itself(form_of):
    form = form_of("ltp-ltd")
    presets = form.findChild(QtWidgets.QComboBox, "preset")
    presets.setCurrentIndex(presets.findData("text-500Hz"))
    assert control(form, "width").text() == "1 ms"
    explanation = form.findChild(QtWidgets.QLabel, "explanation")
    assert explanation.text() == find("ltp-ltd").presets["text-500Hz"].explanation


def test_an_explanation_is_shown_as_it_was_written(own):
    explanation = own.findChild(QtWidgets.QLabel, "explanation")
    assert explanation.text() == "<b>Bold</b> & plain."
    assert explanation.textFormat() == Qt.TextFormat.PlainText
    assert "How &lt;much&gt;" in control(own, "amplitude").toolTip()


def test_each_wrong_field_says_so_and_no_values_come_out(form_of):
    form = form_of("ltp-ltd")
    type_into(form, "width", "3 V")
    type_into(form, "up", "1.5")
    type_into(form, "reset_hold", "")
    assert set(form.errors()) == {"width", "up", "reset_hold"}
    assert "> 0 s; for example 20 ms" in form.error_of("width")
    assert form.error_of("reset_hold") == "a time is needed; >= 100 ms; for example 40 s"
    assert form.error_of("gap") == ""
    for ask in (form.values, lambda: form.draft(RIG), lambda: form.experiment(RIG)):
        with pytest.raises(ParameterError) as caught:
            ask()
        assert [where for where, _ in caught.value.problems] == ["width", "up", "reset_hold"]
    assert [control(form, n).text() for n in ("width", "up", "reset_hold")] == ["3 V", "1.5", ""]


def test_what_is_wrong_in_the_folded_part_unfolds_it(form_of):
    form = form_of("ltp-ltd")
    fold = form.findChild(QtWidgets.QToolButton, "fold")
    assert not fold.isChecked()
    type_into(form, "aperture", "x")
    assert fold.isChecked()


def test_problems_of_a_check_go_to_their_fields_or_below_them(own):
    control(own, "edge").setCurrentIndex(1)
    assert own.errors() == {}
    with pytest.raises(ParameterError) as caught:
        own.experiment(RIG)
    own.show_problems(caught.value.problems)
    assert "down is not built yet" in own.error_of("edge")
    own.show_problems([("counts.1", "too many"), ("", "these two do not fit")])
    assert own.error_of("edge") == ""
    assert own.error_of("counts") == "value 2: too many"
    together = own.findChild(QtWidgets.QLabel, "together")
    assert together.text() == "Error: these two do not fit"
    assert not together.isHidden()
    # A check's findings do not stand against checking again.
    assert own.draft(RIG).values == {"edge": "down"}
    own.show_problems([])
    assert together.isHidden()
    assert own.errors() == {}


def test_what_the_rig_cannot_do_is_told_line_by_line(form_of):
    form = form_of("ltp-ltd")
    type_into(form, "amplitude", "30 mA")
    type_into(form, "states", "50")
    with pytest.raises(InputError) as caught:
        form.experiment(RIG)
    assert len(str(caught.value).splitlines()) >= 2


def test_a_recorded_run_fills_the_form_and_comes_out_the_same(form_of):
    kind = find("ppf")
    protocol = kind.build("quick", width="15 ms", intervals="10 ms, 20 ms", states="open")
    form = form_of("ppf")
    form.load("quick", protocol.model_dump(mode="json"), "D7", "as before")
    assert form.modified == ("width", "intervals", "states")
    assert (form.sample, form.note) == ("D7", "as before")
    assert form.experiment(RIG).protocol == protocol


def test_a_run_of_another_version_loads_as_far_as_it_can(form_of):
    form = form_of("ltp-ltd")
    type_into(form, "width", "7 ms")
    with pytest.raises(InputError, match="has no parameter 'depth'; it has amplitude"):
        form.load("paper-20ms", {"depth": 3})
    assert control(form, "width").text() == "7 ms"
    form.load("gone", {"up": -4})
    assert form.preset == "paper-20ms"
    assert "-4" in control(form, "up").text()
    assert form.error_of("up")


def test_a_copy_does_not_change_with_the_form(form_of):
    form = form_of("ltp-ltd")
    type_into(form, "states", "500, open")
    values, draft = form.values(), form.draft(RIG)
    type_into(form, "states", "8k")
    assert values == {"states": [500.0, "open"]}
    assert draft.values == values


def test_sample_and_note_are_told_as_changes(qtbot, form_of):
    form = form_of("ltp-ltd")
    for name, put in (("sample", "setText"), ("note", "setPlainText")):
        with qtbot.waitSignal(form.changed):
            getattr(form.findChild(QtWidgets.QWidget, name), put)(" D 7 \u00b5 ")
    assert (form.sample, form.note) == ("D 7 \u00b5", "D 7 \u00b5")
    assert form.modified == ()


def test_tab_passes_through_everything_in_the_order_that_is_seen(qtbot, form_of):
    form = form_of("ltp-ltd")
    type_into(form, "aperture", "100 us")  # unfolds the second part and shows the button
    with qtbot.waitExposed(form):
        form.show()
    qtbot.waitUntil(form.isActiveWindow)
    seen = [c.objectName() for c in form.controls if c.isVisible()]
    form.controls[0].setFocus(Qt.FocusReason.TabFocusReason)
    passed = []
    for _ in seen:
        passed.append(form.focusWidget().objectName())
        qtbot.keyClick(form.focusWidget(), Qt.Key.Key_Tab)
    assert passed == seen


def test_a_letter_leads_to_one_field_only():
    marked = mnemonics(["Width", "Gap", "Up", "Widths", "A"], taken="a")
    letters = [words[words.index("&") + 1].lower() for words in marked.values() if "&" in words]
    assert marked["Width"] == "&Width"
    assert marked["A"] == "A"
    assert len(letters) == len(set(letters)) == 4
    assert "a" not in letters
