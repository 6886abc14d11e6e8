"""The chart of retention: the rest over the logarithm of time with its fits, and the whole run."""

from __future__ import annotations

from analysis.retention import FitOfRest, RetentionResult
from app.library.chart import Axis, Chart, Curve, Panel
from app.library.page import NOTHING, PSV, level, page, upright

_LABEL = "Time since the last pulse"
_LOG_TIME, _TIME = Axis(_LABEL, "s", log=True), Axis(_LABEL, "s")


def chart(result: RetentionResult) -> Chart:
    """A run, complete or not."""
    return page("Retention", result, ((_rest(result),), (_residuals(result),), (_run(result),)))


def _rest(result: RetentionResult) -> Panel:
    time, psv = result.rest
    if not len(time):
        return Panel("", _LOG_TIME, PSV, note="no rest was read")
    learned = result.learned.value
    guides = [upright(moment) for moment, left in result.fractions if left.value is not None]
    if learned is not None:
        guides.append(level(learned, "learned"))
    data = Curve("read", time, psv, marks=True, line=False)
    fits = [Curve(f.name, time, psv - f.residuals, "fit") for f in _fits(result)]
    left = ", ".join(
        f"{100 * left.value:.3g} % after {moment:g} s"
        for moment, left in result.fractions
        if left.value is not None
    )
    title = f"left of the learned voltage: {left}" if left else ""
    return Panel(title, _LOG_TIME, PSV, (*guides, data, *fits), height=1.2)


def _residuals(result: RetentionResult) -> Panel:
    time, y = result.rest[0], Axis("Data minus fit", "V")
    curves = [Curve(f.name, time, f.residuals, "fit") for f in _fits(result)]
    note = "" if curves else "no fit"
    return Panel("", _LOG_TIME, y, (level(0.0), *curves) if curves else (), note=note, height=0.6)


def _run(result: RetentionResult) -> Panel:
    curves = (
        Curve("learning, at gap end", result.learning[0], result.learning[1]),
        Curve("rest, open", result.rest[0], result.rest[1], marks=True),
    )
    drawn = tuple(c for c in curves if len(c.x))
    note = "" if drawn else NOTHING
    return Panel("", _TIME, PSV, (level(0.0), *drawn) if drawn else (), note=note, height=0.8)


def _fits(result: RetentionResult) -> list[FitOfRest]:
    return [f for f in (result.stretched, result.exponentials) if f.converged]
