"""The protocols that exist. A new one is one new file and one line here."""

from __future__ import annotations

from protocols.array import Array
from protocols.endurance import Endurance
from protocols.errors import ProtocolError
from protocols.intensity import Intensity
from protocols.iv_sweep import IvSweep
from protocols.learning import Learning
from protocols.ltp_ltd import LtpLtd
from protocols.ppf import Ppf
from protocols.protocol import Protocol
from protocols.pulse_train import PulseTrains
from protocols.retention import Retention
from protocols.suggestion import suggestion
from protocols.waveform import Waveform
from protocols.width import Width
from protocols.write_verify import WriteVerify

PROTOCOLS: tuple[type[Protocol], ...] = (
    PulseTrains,
    IvSweep,
    Intensity,
    Width,
    Waveform,
    Ppf,
    LtpLtd,
    Learning,
    Retention,
    WriteVerify,
    Endurance,
    Array,
)


def find(name: str) -> type[Protocol]:
    """The protocol of that name.

    Raises
    ------
    ProtocolError
        There is none; the message lists those that exist.
    """
    for protocol in PROTOCOLS:
        if protocol.name == name:
            return protocol
    names = [p.name for p in PROTOCOLS]
    raise ProtocolError(
        f"there is no protocol {name!r}; there are: {', '.join(names)}{suggestion(name, names)}"
    )
