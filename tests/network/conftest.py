"""Update curves as they come from files that the simulated rig measured."""

import pytest

from analysis.ltp_ltd import LtpLtdAnalysis
from analysis.update_curve import update_curves
from app import lab


@pytest.fixture(scope="session")
def measured(tmp_path_factory):
    """The LTP/LTD analysis of a run of three cycles in three states."""
    folder = tmp_path_factory.mktemp("measured")
    run = lab.run("ltp-ltd", states="500, 8k, open", cycles=3, out=folder, sample="D1")
    return LtpLtdAnalysis().analyse(run)


@pytest.fixture(scope="session")
def curves(measured):
    return {curve.label: curve for curve in update_curves([measured])}
