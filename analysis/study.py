"""The study's own numbers and statements, held against what a rig measured.

Only what Zhao et al. state is typed in here: values with the digits that they print, and
statements as they word them. What stands beside them comes from analysed runs. A number
agrees within 1 % or within its printed digits; a statement agrees when the measures say so.
What the study leaves open is a remark, and a blank stays a blank.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from analysis.array import ArrayResult
from analysis.autocorrelation import AutocorrelationResult
from analysis.endurance import EnduranceResult
from analysis.iv_sweep import IvSweepResult, SweepMeasures
from analysis.learning import LearningResult
from analysis.ltp_ltd import CycleMeasures, LtpLtdResult
from analysis.ppf import PpfMeasures, PpfResult
from analysis.pulse_response import ResponseResult
from analysis.retention import RetentionResult
from protocols.quantities import RESISTANCE, with_prefix

PAPER = "Zhao et al., Natl Sci Rev 2022, nwac158"

Basis = Literal["calibrated", "predicted", "measured"]
Verdict = Literal["agrees", "disagrees", "no number in the study", "not measured"]


@dataclass(frozen=True)
class Row:
    """One line of the comparison.

    Parameters
    ----------
    panel
        Figure of the study.
    quantity
        What is compared.
    paper
        The study's value or statement.
    found
        This rig's.
    difference
        Found minus the study's, relative; empty where there is no number.
    basis
        "calibrated": the simulated device was fitted to it; "predicted": it was not;
        "measured": on a real rig.
    verdict
        Whether they agree.
    remark
        What the study leaves open, or what to mind.
    """

    panel: str
    quantity: str
    paper: str
    found: str
    difference: str
    basis: Basis
    verdict: Verdict
    remark: str = ""


@dataclass(frozen=True)
class _Number:
    """A value that the study prints, in SI units; `digit` is one in its last printed place."""

    panel: str
    quantity: str
    unit: str
    value: float
    digit: float
    remark: str = ""
    fitted: bool = True

    def row(self, found: float | None, simulated: bool) -> Row:
        """Beside what was found; None when nothing was."""
        basis: Basis = "measured"
        if simulated:
            basis = "calibrated" if self.fitted else "predicted"
        paper = with_prefix(self.value, self.unit)
        if found is None:
            return Row(self.panel, self.quantity, paper, "-", "", basis, "not measured")
        off = abs(found - self.value)
        agrees = off <= max(0.01 * abs(self.value), 0.5 * self.digit)
        return Row(
            self.panel, self.quantity, paper, with_prefix(found, self.unit),
            f"{(found - self.value) / self.value:+.2%}", basis,
            "agrees" if agrees else "disagrees", self.remark,
        )  # fmt: skip


MOST = 0.9
"""Share of the steps of a curve that must rise for it to count as rising."""
_NOISE = f"rising: at least {MOST:.0%} of the steps rise, since noise decides small ones"
_CYCLE = "which cycle and branch is not stated: third cycle, way up"
_SAME_CURVES = f"read off the same curves as the currents [inferred]; {_CYCLE}"
_WIDTH = "the pulse width is not stated: 20 ms; interval from end to start [inferred]"


def compare(results: Mapping[str, Any], simulated: bool) -> tuple[Row, ...]:
    """Every electrical statement of the study beside what was measured.

    Parameters
    ----------
    results
        Results of analyses by name: "iv-sweep", "intensity", "width", "autocorrelation",
        "ppf", "learning", "retention", "ltp-ltd", "ltp-ltd-500Hz", "endurance", "array",
        "bending"; what is missing was not measured.
    simulated
        Whether the rig was simulated, so that some numbers are calibration.
    """
    rows: list[Row] = []
    for name, tell in _SECTIONS:
        rows += tell(results.get(name), simulated)
    unbent = results.get("ltp-ltd")
    rows += _pulse_of_the_text(unbent, results.get("ltp-ltd-500Hz"), simulated)
    rows += _bending(unbent, results.get("bending"), simulated)
    return tuple(rows)


def _statement(
    panel: str,
    quantity: str,
    paper: str,
    simulated: bool,
    found: str | None,
    holds: bool | None,
    remark: str = "",
) -> Row:
    basis: Basis = "predicted" if simulated else "measured"
    if found is None:
        return Row(panel, quantity, paper, "-", "", basis, "not measured", remark)
    verdict: Verdict = "no number in the study"
    if holds is not None:
        verdict = "agrees" if holds else "disagrees"
    return Row(panel, quantity, paper, found, "", basis, verdict, remark)


def _states(values: Sequence[tuple[float, float]], unit: str = "") -> str:
    return ", ".join(f"{with_prefix(v, unit, 3)} ({RESISTANCE.format(r)})" for r, v in values)


def _rises(values: Sequence[tuple[float, float]]) -> bool:
    ordered = [v for _, v in sorted(values)]
    return len(ordered) > 1 and all(a < b for a, b in pairwise(ordered))


def _ltp_ltd(result: LtpLtdResult | None, simulated: bool) -> Iterator[Row]:
    cycles = [(s.state.nominal, s.first) for s in result.states if s.first] if result else []

    def each(measure: Callable[[CycleMeasures], float | None]) -> list[tuple[float, float]]:
        return [(r, v) for r, c in cycles if (v := measure(c)) is not None]

    up = each(lambda c: c.up.range.value)
    yield _statement(
        "1e", "range of the weight per state",
        "distinct regions per state, the widest range when open", simulated,
        _states(up, "V") if up else None, _rises(up) and any(math.isinf(r) for r, _ in up),
        "the caption says current under voltage pulses, the text PSV under 1 mA pulses: PSV here",
    )  # fmt: skip
    ratio = each(lambda c: c.dynamic_range.value)
    yield _statement(
        "S15", "dynamic range Wmax/Wmin", "> 6 under 500, 1000, 8000 ohm and open", simulated,
        _states(ratio) if ratio else None,
        len(ratio) >= 4 and all(v > 6 for _, v in ratio),
        "width and read instant are not stated: 20 ms on, 20 ms off, read at the end of the gap",
    )  # fmt: skip
    for panel, branch, name, sign in (("3h", "up", "LTP", 1.0), ("3i", "down", "LTD", -1.0)):
        label = each(lambda c, b=branch: getattr(c, b).nonlinearity.label.value)  # type: ignore[misc]
        yield _statement(
            panel, f"non-linearity of {name}", "falls with R", simulated,
            _states(label) if label else None, _rises([(r, -sign * v) for r, v in label]),
            "the study's fitting method is in its supplement: MLP+NeuroSim's convention here",
        )  # fmt: skip
        change = each(lambda c, b=branch: getattr(c, b).range.value)  # type: ignore[misc]
        yield _statement(
            panel, f"weight change of {name}", "rises with R", simulated,
            _states(change, "V") if change else None, _rises([(r, sign * v) for r, v in change]),
        )  # fmt: skip


def _labels(result: LtpLtdResult | None) -> dict[float, float]:
    """NL of LTP per state."""
    cycles = {s.state.nominal: s.first for s in result.states if s.first} if result else {}
    return {r: v for r, c in cycles.items() if (v := c.up.nonlinearity.label.value) is not None}


def _pulse_of_the_text(
    long: LtpLtdResult | None, short: LtpLtdResult | None, simulated: bool
) -> Iterator[Row]:
    slow, fast = _labels(long), _labels(short)
    both = sorted(slow.keys() & fast.keys())
    yield _statement(
        "1e", "linearity of LTP with pulses of 1 ms at 500 Hz", "excellent linearity", simulated,
        f"NL {_states([(r, fast[r]) for r in both])}; with 20 ms pulses "
        f"{_states([(r, slow[r]) for r in both])}" if both else None,
        all(fast[r] <= slow[r] for r in both),
        "no number is given; counted as agreeing if no less linear than with the 20 ms pulses "
        "that give the study's trends",
    )  # fmt: skip


def _bending(
    flat: LtpLtdResult | None, bent: LtpLtdResult | None, simulated: bool
) -> Iterator[Row]:
    found = None
    if flat and bent:
        before = {s.state.nominal: s.first for s in flat.states if s.first}
        after = {s.state.nominal: s.first for s in bent.states if s.first}
        changes = [
            (r, b / a - 1)
            for r in sorted(before.keys() & after.keys())
            if (a := before[r].dynamic_range.value) and (b := after[r].dynamic_range.value)
        ]
        told = ", ".join(f"{change:+.1%} ({RESISTANCE.format(r)})" for r, change in changes)
        found = f"dynamic range {told}" if told else None
    yield _statement(
        "S16", "LTP/LTD of a bent device", "no degradation in the bending tests", simulated,
        found, None,
        "simulated as Rs +5 %, each C -3 % (ours: the study gives no numbers)" if simulated else "",
    )  # fmt: skip


def _iv_sweep(result: IvSweepResult | None, simulated: bool) -> Iterator[Row]:
    sweeps: dict[float, SweepMeasures] = (
        {s.state.nominal: s for s in result.sweeps} if result else {}
    )

    def at(resistance: float, name: str) -> float | None:
        sweep = sweeps.get(resistance)
        return getattr(sweep.chosen, name).value if sweep else None

    for number, resistance, name in (
        (_Number("2b", "I at 0.6 V, 500 ohm", "A", 1.6e-3, 1e-4, _CYCLE), 500.0, "current_at"),
        (_Number("2b", "I at 0.6 V, 8 kohm", "A", 0.47e-3, 1e-5, _CYCLE), 8000.0, "current_at"),
        (_Number("2b", "U at 0.5 mA, 500 ohm", "V", 0.12, 1e-2, _SAME_CURVES), 500.0,
         "voltage_at"),
        (_Number("2b", "U at 0.5 mA, 8 kohm", "V", 0.74, 1e-2, _SAME_CURVES), 8000.0,
         "voltage_at"),
    ):  # fmt: skip
        yield number.row(at(resistance, name), simulated)


def _response(panel: str, abscissa: str, with_r: str) -> Callable[..., Iterator[Row]]:
    def rows(result: ResponseResult | None, simulated: bool) -> Iterator[Row]:
        rises = [s.rise.value for s in result.states] if result else []
        yield _statement(
            panel, f"PSV against pulse {abscissa}", f"rises with the {abscissa}", simulated,
            _greatest(result), bool(rises) and all(v is not None and v >= MOST for v in rises),
            "the amplitudes are not given" if abscissa == "intensity" else "no numbers are given",
        )  # fmt: skip
        value = result.rise_with_resistance.value if result else None
        yield _statement(
            with_r, f"PSV against R at one {abscissa}", "rises with R", simulated,
            None if value is None else f"rises over {value:.0%} of the steps from R to R",
            value is not None and value >= MOST, _NOISE,
        )  # fmt: skip

    return rows


def _greatest(result: ResponseResult | None) -> str | None:
    if result is None:
        return None
    values = [(s.state.nominal, s.greatest.value) for s in result.states]
    return "up to " + _states([(r, v) for r, v in values if v is not None], "V")


def _ppf(result: PpfResult | None, simulated: bool) -> Iterator[Row]:
    states: dict[float, PpfMeasures] = {s.state.nominal: s for s in result.states} if result else {}
    chosen = states.get(7000.0)
    for number, name in (
        (_Number("3c", "A1 at 7 kohm, 10 ms", "V", 0.094, 1e-3, _WIDTH), "a1"),
        (_Number("3c", "A2 at 7 kohm, 10 ms", "V", 0.115, 1e-3, _WIDTH), "a2"),
    ):
        yield number.row(getattr(chosen, name).value if chosen else None, simulated)
    forgotten = [(r, v) for r, s in states.items() if (v := s.forgotten.value) is not None]
    yield _statement(
        "3a, 3b", "time in which the PPF index falls to 101 %", "sooner at lower R", simulated,
        _states(forgotten, "s") if states else None, _rises(forgotten),
        "the study says 100 %, which an exponential never reaches; states that stay above 101 % "
        "within the measured intervals are left out",
    )  # fmt: skip


def _learning(result: LearningResult | None, simulated: bool) -> Iterator[Row]:
    learned = (
        [
            (s.nominal, s.per_pulse.value)
            for s in result.stretches
            if s.phase == "learning" and s.per_pulse.value is not None
        ]
        if result
        else []
    )
    yield _statement(
        "3f", "PSV gained per pulse while learning", "learning becomes easier as R rises",
        simulated, _states(learned, "V") if learned else None, _rises(learned),
        "the dwell times are not given; each state carries on from where the one before ended",
    )  # fmt: skip
    opened = [v for r, v in learned if math.isinf(r)]
    yield _statement(
        "3f", "PSV gained per pulse when opened", "increases rapidly again when open", simulated,
        with_prefix(opened[0], "V", 3) if opened else None,
        bool(opened) and opened[0] == max(v for _, v in learned),
        "counted as agreeing if it gains most per pulse when open",
    )  # fmt: skip


def _retention(result: RetentionResult | None, simulated: bool) -> Iterator[Row]:
    left = [(t, m.value) for t, m in result.fractions if m.value is not None] if result else []
    found = ", ".join(f"{share:.0%} left after {t:g} s" for t, share in left)
    yield _statement(
        "3e, 3g", "PSV during the rest at open circuit",
        "almost unchanged for more than 100 s; long memory", simulated, found or None, None,
        "no threshold is given; the fast part of the decay is over within seconds",
    )  # fmt: skip


def _endurance(result: EnduranceResult | None, simulated: bool) -> Iterator[Row]:
    kept = [
        f"{name} {100 * f.variation.value:.2g} %"
        for name, f in (result.followed.items() if result else ())
        if f.variation.value is not None
    ]
    yield _statement(
        "S10", "variation over the cycles (std over mean)", "the variability is limited",
        simulated, f"{', '.join(kept)}; {result.cycles} cycles" if result and kept else None, None,
        "no numbers are given; the simulated device does not age" if simulated
        else "no numbers are given",
    )  # fmt: skip


def _array(result: ArrayResult | None, simulated: bool) -> Iterator[Row]:
    told = ", ".join(
        f"{s.spread.value:.1%} ({RESISTANCE.format(s.nominal)})"
        for s in (result.of("delta-w LTP") if result else ())
        if s.spread.value is not None
    )
    yield _statement(
        "S11", "spread of the weight change over the devices", "the difference is limited",
        simulated, f"{told}; {len(result.devices)} devices" if result and told else None, None,
        "no numbers are given; simulated as 5 % on every element (ours)" if simulated else
        "no numbers are given",
    )  # fmt: skip


def _autocorrelation(result: AutocorrelationResult | None, simulated: bool) -> Iterator[Row]:
    rises = [s.rise.value for s in result.states] if result else []
    share = result.rise_with_resistance.value if result else None
    found = None
    if result is not None and share is not None:
        with_time = sum(v == 1 for v in rises)
        found = (
            f"rises with time in {with_time} of {len(rises)} states, over {share:.0%} of the "
            "steps from R to R"
        )
    yield _statement(
        "3d", "standard deviation of the autocorrelation", "rises with R and with time",
        simulated, found,
        share is not None and share >= MOST and all(v is not None and v >= MOST for v in rises),
        f"the normalisation is not stated: biased and un-normalised here; {_NOISE}",
    )  # fmt: skip


_SECTIONS: tuple[tuple[str, Callable[[Any, bool], Iterator[Row]]], ...] = (
    ("iv-sweep", _iv_sweep),
    ("intensity", _response("2c", "intensity", "2c, S9")),
    ("width", _response("2d", "width", "2e")),
    ("ppf", _ppf),
    ("autocorrelation", _autocorrelation),
    ("learning", _learning),
    ("retention", _retention),
    ("endurance", _endurance),
    ("array", _array),
    ("ltp-ltd", _ltp_ltd),
)
