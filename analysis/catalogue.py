"""The analyses that exist. A new one is one new file (and its figure's) and one line here."""

from __future__ import annotations

from typing import Any

from analysis.analysis import Analysis
from analysis.array import ArrayAnalysis
from analysis.autocorrelation import AutocorrelationAnalysis
from analysis.endurance import EnduranceAnalysis
from analysis.iv_sweep import IvSweepAnalysis
from analysis.learning import LearningAnalysis
from analysis.ltp_ltd import LtpLtdAnalysis
from analysis.ppf import PpfAnalysis
from analysis.pulse_response import IntensityAnalysis, WidthAnalysis
from analysis.pulse_train import PulseTrainAnalysis
from analysis.retention import RetentionAnalysis
from analysis.waveform import WaveformAnalysis
from analysis.write_verify import WriteVerifyAnalysis

ANALYSES: tuple[Analysis[Any], ...] = (
    PulseTrainAnalysis(),
    IvSweepAnalysis(),
    IntensityAnalysis(),
    WidthAnalysis(),
    AutocorrelationAnalysis(),
    WaveformAnalysis(),
    PpfAnalysis(),
    LtpLtdAnalysis(),
    LearningAnalysis(),
    RetentionAnalysis(),
    EnduranceAnalysis(),
    ArrayAnalysis(),
    WriteVerifyAnalysis(),
)


def for_protocol(protocol: str, name: str = "main") -> Analysis[Any] | None:
    """The analysis of that name of that protocol's runs; None when there is none."""
    return next((a for a in ANALYSES if (a.protocol, a.name) == (protocol, name)), None)


def names(protocol: str) -> tuple[str, ...]:
    """The names of the analyses of that protocol's runs, in the order of the catalogue."""
    return tuple(a.name for a in ANALYSES if a.protocol == protocol)
