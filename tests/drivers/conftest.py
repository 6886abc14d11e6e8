"""The source-measure unit that a module of tests names as METER, connected on a bench."""

import pytest


@pytest.fixture
def parts(request):
    """The meter, the bench, the tapped link that it is reached over, and the link below."""
    known = request.module.METER
    bench, tap, link = known.rig()
    meter = known.connect(tap)
    yield meter, bench, tap, link
    meter.close()


@pytest.fixture
def meter(parts):
    return parts[0]


@pytest.fixture
def bench(parts):
    return parts[1]


@pytest.fixture
def link(parts):
    return parts[3]
