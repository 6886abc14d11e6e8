"""Settings of every test: shared machines are slow now and then, which is no failure."""

import os

# Before numpy is loaded: threads of its library that wait for each other on busy cores take
# seconds for what one does in a millisecond.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("fmes", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fmes")


@pytest.fixture(scope="session", autouse=True)
def _state_folder(tmp_path_factory):
    """Locks and records of rigs go into a folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FMES_LAB_STATE", str(tmp_path_factory.mktemp("state")))
        yield
