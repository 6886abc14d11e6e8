"""The command table of one SMU channel: constants, attributes, limits and defaults.

Names are those of the vendor's machine-readable TSP command reference for the 2602B, limits
and defaults those of the Series 2600B reference manual.
"""

from __future__ import annotations

from drivers.simulated.keithley_2602b.ranges import LEAST_LIMIT, RANGES, SOURCE_HEADROOM
from drivers.simulated.keithley_2602b.values import Choice, Flag, Kind, Number

DCAMPS, DCVOLTS = 0, 1
NORMAL, ZERO, HIGH_Z = 0, 1, 2
OFF, ON = 0, 1
DISABLE, ENABLE, ASYNC = 0, 1, 2
IDLE, HOLD = 0, 1
REMOTE = 1
DELAY_AUTO = -1
LIMIT_AUTO = 0
AUTOZERO_OFF, AUTOZERO_ONCE = 0, 1
REPEAT, MEDIAN = 1, 2
FILL_WINDOW = 1

CONSTANTS: dict[str, int] = {
    "ASYNC": ASYNC,
    "AUTORANGE_FOLLOW_LIMIT": 2,
    "AUTORANGE_OFF": OFF,
    "AUTORANGE_ON": ON,
    "AUTOZERO_AUTO": 2,
    "AUTOZERO_OFF": AUTOZERO_OFF,
    "AUTOZERO_ONCE": AUTOZERO_ONCE,
    "CONTACT_FAST": 0,
    "CONTACT_MEDIUM": 1,
    "CONTACT_SLOW": 2,
    "DELAY_AUTO": DELAY_AUTO,
    "DELAY_OFF": 0,
    "DISABLE": DISABLE,
    "ENABLE": ENABLE,
    "FILL_ONCE": 0,
    "FILL_WINDOW": FILL_WINDOW,
    "FILTER_MEDIAN": MEDIAN,
    "FILTER_MOVING_AVG": 0,
    "FILTER_OFF": OFF,
    "FILTER_ON": ON,
    "FILTER_REPEAT_AVG": REPEAT,
    "LIMIT_AUTO": LIMIT_AUTO,
    "OE_NONE": 0,
    "OE_OUTPUT_OFF": 1,
    "OUTPUT_DCAMPS": DCAMPS,
    "OUTPUT_DCVOLTS": DCVOLTS,
    "OUTPUT_HIGH_Z": HIGH_Z,
    "OUTPUT_NORMAL": NORMAL,
    "OUTPUT_OFF": OFF,
    "OUTPUT_ON": ON,
    "OUTPUT_ZERO": ZERO,
    "REL_OFF": OFF,
    "REL_ON": ON,
    "SENSE_CALA": 3,
    "SENSE_LOCAL": 0,
    "SENSE_REMOTE": REMOTE,
    "SETTLE_DIRECT_IRANGE": 3,
    "SETTLE_FAST_ALL": 128,
    "SETTLE_FAST_POLARITY": 2,
    "SETTLE_FAST_RANGE": 1,
    "SETTLE_SMOOTH": 0,
    "SETTLE_SMOOTH_100NA": 4,
    "SOURCE_HOLD": HOLD,
    "SOURCE_IDLE": IDLE,
}

_SWITCH = Choice(OFF, (OFF, ON))
_AUTORANGE = Choice(ON, (OFF, ON))
_MOST_V = RANGES["v"][-1] * SOURCE_HEADROOM
_MOST_I = RANGES["i"][-1] * SOURCE_HEADROOM
_COUNT = Number(1, 0, 268_435_455, whole=True)
_STIMULUS = Number(0, 0, whole=True)

ATTRIBUTES: dict[str, Kind] = {
    "sense": Choice(0, (0, 1)),
    "contact.speed": Choice(0, (0, 1, 2)),
    "contact.threshold": Number(50.0, 0.0, 1e37),
    "source.autorangei": _AUTORANGE,
    "source.autorangev": _AUTORANGE,
    "source.compliance": Flag(False),
    "source.delay": Number(0.0, 0.0, 4294.0, special=(DELAY_AUTO,)),
    "source.func": Choice(DCVOLTS, (DCAMPS, DCVOLTS)),
    "source.highc": _SWITCH,
    "source.leveli": Number(0.0, -_MOST_I, _MOST_I),
    "source.levelv": Number(0.0, -_MOST_V, _MOST_V),
    "source.limiti": Number(1.0, LEAST_LIMIT["i"], RANGES["i"][-1]),
    "source.limitp": Number(0.0, 0.0, 1e3),
    "source.limitv": Number(40.0, LEAST_LIMIT["v"], RANGES["v"][-1]),
    "source.lowrangei": Number(100e-9),
    "source.lowrangev": Number(100e-3),
    "source.offfunc": Choice(DCVOLTS, (DCAMPS, DCVOLTS)),
    "source.offlimiti": Number(1e-3, LEAST_LIMIT["i"], RANGES["i"][-1]),
    "source.offlimitv": Number(40.0, LEAST_LIMIT["v"], RANGES["v"][-1]),
    "source.offmode": Choice(NORMAL, (NORMAL, ZERO, HIGH_Z)),
    "source.output": Choice(OFF, (OFF, ON, HIGH_Z)),
    "source.outputenableaction": _SWITCH,
    "source.rangei": Number(100e-9),
    "source.rangev": Number(100e-3),
    "source.settling": Choice(0, (0, 1, 2, 3, 4, 128)),
    "source.sink": _SWITCH,
    "measure.autorangei": Choice(ON, (OFF, ON, 2)),
    "measure.autorangev": _AUTORANGE,
    "measure.autozero": Choice(2, (AUTOZERO_OFF, AUTOZERO_ONCE, 2)),
    "measure.count": Number(1, 1, 1_000_000, whole=True),
    "measure.delay": Number(0.0, 0.0, 4294.0, special=(DELAY_AUTO,)),
    "measure.delayfactor": Number(1.0, 0.0, 1e6),
    "measure.filter.count": Number(1, 1, 100, whole=True),
    "measure.filter.enable": _SWITCH,
    "measure.filter.type": Choice(REPEAT, (0, REPEAT, MEDIAN)),
    "measure.highcrangedelayfactor": Number(10.0, 1.0, 99.0),
    "measure.interval": Number(0.0, 0.0, 1.0),
    "measure.lowrangei": Number(100e-9),
    "measure.lowrangev": Number(100e-3),
    "measure.nplc": Number(1.0, 0.001, 25.0),
    "measure.rangei": Number(100e-3),
    "measure.rangev": Number(1.0),
    "measure.rel.enablei": _SWITCH,
    "measure.rel.enablep": _SWITCH,
    "measure.rel.enabler": _SWITCH,
    "measure.rel.enablev": _SWITCH,
    "measure.rel.leveli": Number(0.0),
    "measure.rel.levelp": Number(0.0),
    "measure.rel.levelr": Number(0.0),
    "measure.rel.levelv": Number(0.0),
    "trigger.arm.count": _COUNT,
    "trigger.arm.stimulus": _STIMULUS,
    "trigger.autoclear": _SWITCH,
    "trigger.count": _COUNT,
    "trigger.endpulse.action": Choice(HOLD, (IDLE, HOLD)),
    "trigger.endpulse.stimulus": _STIMULUS,
    "trigger.endsweep.action": Choice(IDLE, (IDLE, HOLD)),
    "trigger.measure.action": Choice(DISABLE, (DISABLE, ENABLE, ASYNC)),
    "trigger.measure.stimulus": _STIMULUS,
    "trigger.source.action": Choice(DISABLE, (DISABLE, ENABLE)),
    "trigger.source.limiti": Number(
        LIMIT_AUTO, LEAST_LIMIT["i"], RANGES["i"][-1], special=(LIMIT_AUTO,)
    ),
    "trigger.source.limitv": Number(
        LIMIT_AUTO, LEAST_LIMIT["v"], RANGES["v"][-1], special=(LIMIT_AUTO,)
    ),
    "trigger.source.stimulus": _STIMULUS,
}
"""Every attribute of a channel by its path below `smua` or `smub`."""

READ_ONLY = frozenset({"source.compliance"})
