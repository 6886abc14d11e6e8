"""The comparison with the study: what agrees, what does not, what is missing."""

from types import SimpleNamespace

import pytest

from analysis.study import compare


def sweep(nominal, current, voltage):
    value = SimpleNamespace
    return SimpleNamespace(
        state=SimpleNamespace(nominal=nominal),
        chosen=SimpleNamespace(current_at=value(value=current), voltage_at=value(value=voltage)),
    )


def iv(current_500=1.6e-3, current_8k=0.47e-3):
    return SimpleNamespace(
        sweeps=[sweep(500.0, current_500, 0.12), sweep(8000.0, current_8k, 0.74)]
    )


def row(rows, quantity):
    (found,) = [r for r in rows if r.quantity == quantity]
    return found


def test_with_nothing_measured_every_row_says_so():
    rows = compare({}, simulated=True)
    assert len(rows) >= 18
    assert {r.verdict for r in rows} == {"not measured"}
    assert all(r.found == "-" for r in rows)
    panels = " ".join(r.panel for r in rows)
    for panel in ("1e", "2b", "2c", "2d", "2e", "3a", "3b", "3c", "3d", "3h", "3i", "S15", "S16"):
        assert panel in panels


@pytest.mark.parametrize(
    ("current", "verdict"),
    [
        (1.60e-3, "agrees"), (1.649e-3, "agrees"), (1.551e-3, "agrees"),
        (1.66e-3, "disagrees"), (1.54e-3, "disagrees"), (None, "not measured"),
    ],
)  # fmt: skip
def test_a_number_agrees_within_one_percent_or_its_printed_digits(current, verdict):
    rows = compare({"iv-sweep": iv(current_500=current)}, simulated=True)
    assert row(rows, "I at 0.6 V, 500 ohm").verdict == verdict


def test_the_difference_is_shown_and_calibration_is_marked_on_a_simulated_rig_alone():
    result = {"iv-sweep": iv(current_8k=0.5e-3)}
    simulated = row(compare(result, simulated=True), "I at 0.6 V, 8 kohm")
    real = row(compare(result, simulated=False), "I at 0.6 V, 8 kohm")
    assert (simulated.difference, simulated.verdict) == ("+6.38%", "disagrees")
    assert (simulated.basis, real.basis) == ("calibrated", "measured")


def ltp(nl, ranges, ratio=(7.0, 8.0, 9.0, 10.0)):
    states = (500.0, 1000.0, 8000.0, float("inf"))

    def branch(k, sign):
        label = SimpleNamespace(value=sign * nl[k])
        change = SimpleNamespace(value=sign * ranges[k])
        return SimpleNamespace(nonlinearity=SimpleNamespace(label=label), range=change)

    return SimpleNamespace(
        states=[
            SimpleNamespace(
                state=SimpleNamespace(nominal=r),
                first=SimpleNamespace(
                    up=branch(k, 1), down=branch(k, -1),
                    dynamic_range=SimpleNamespace(value=ratio[k]),
                ),
            )
            for k, r in enumerate(states)
        ]
    )  # fmt: skip


def test_trends_hold_only_when_they_are_in_the_measures():
    good = compare({"ltp-ltd": ltp((2, 1, 0.5, 0.3), (0.1, 0.2, 0.3, 0.4))}, True)
    bad = compare({"ltp-ltd": ltp((0.3, 1, 0.5, 2), (0.4, 0.2, 0.3, 0.1), (7, 8, 5.9, 9))}, True)
    for quantity in (
        "non-linearity of LTP", "non-linearity of LTD", "weight change of LTP",
        "weight change of LTD", "dynamic range Wmax/Wmin", "range of the weight per state",
    ):  # fmt: skip
        assert row(good, quantity).verdict == "agrees", quantity
        assert row(bad, quantity).verdict == "disagrees", quantity
