"""A plan of steps that never end is refused, whoever wrote the protocol."""

from typing import ClassVar

import pytest

from protocols.errors import ProtocolError
from protocols.plan import Plan
from protocols.protocol import Preset, Protocol
from protocols.steps import Mark


class Endless(Protocol):
    name: ClassVar[str] = "endless"
    title: ClassVar[str] = "Marks without end"
    phases: ClassVar[tuple[str, ...]] = ()
    presets: ClassVar = {"only": Preset("There is but one.")}

    def steps(self):
        while True:
            yield Mark("again")


def test_steps_that_do_not_end_are_refused():
    with pytest.raises(ProtocolError, match="endless has more than 1000000 steps"):
        Plan.of(Endless.build())
