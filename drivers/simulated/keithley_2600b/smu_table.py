"""The command table of one SMU channel: constants, attributes, limits and defaults.

Names are those of the vendor's machine-readable TSP command reference for the 2602B, limits
and defaults those of the Series 2600B reference manual.
"""

from __future__ import annotations

from drivers.simulated.keithley_2600b.models import SOURCE_HEADROOM, Model
from drivers.simulated.tsp.values import Choice, Flag, Kind, Number

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
_COUNT = Number(1, 0, 268_435_455, whole=True)
_STIMULUS = Number(0, 0, whole=True)


def attributes(model: Model) -> dict[str, Kind]:
    """Every attribute of a channel by its path below `smua` or `smub`."""
    least_i, least_v = model.least_limit["i"], model.least_limit["v"]
    (lowest_i, *_, most_i), (lowest_v, *_, most_v) = model.ranges["i"], model.ranges["v"]
    return {
        "sense": Choice(0, (0, 1)),
        "contact.speed": Choice(0, (0, 1, 2)),
        "contact.threshold": Number(50.0, 0.0, 1e37),
        "source.autorangei": _AUTORANGE,
        "source.autorangev": _AUTORANGE,
        "source.compliance": Flag(False),
        "source.delay": Number(0.0, 0.0, 4294.0, special=(DELAY_AUTO,)),
        "source.func": Choice(DCVOLTS, (DCAMPS, DCVOLTS)),
        "source.highc": _SWITCH,
        "source.leveli": Number(0.0, -most_i * SOURCE_HEADROOM, most_i * SOURCE_HEADROOM),
        "source.levelv": Number(0.0, -most_v * SOURCE_HEADROOM, most_v * SOURCE_HEADROOM),
        "source.limiti": Number(model.default_limit["i"], least_i, most_i),
        "source.limitp": Number(0.0, 0.0, 1e3),
        "source.limitv": Number(model.default_limit["v"], least_v, most_v),
        "source.lowrangei": Number(lowest_i),
        "source.lowrangev": Number(lowest_v),
        "source.offfunc": Choice(DCVOLTS, (DCAMPS, DCVOLTS)),
        "source.offlimiti": Number(1e-3, least_i, most_i),
        "source.offlimitv": Number(model.default_limit["v"], least_v, most_v),
        "source.offmode": Choice(NORMAL, (NORMAL, ZERO, HIGH_Z)),
        "source.output": Choice(OFF, (OFF, ON, HIGH_Z)),
        "source.outputenableaction": _SWITCH,
        "source.rangei": Number(lowest_i),
        "source.rangev": Number(lowest_v),
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
        "measure.lowrangei": Number(lowest_i),
        "measure.lowrangev": Number(lowest_v),
        "measure.nplc": Number(1.0, 0.001, 25.0),
        "measure.rangei": Number(100e-3),
        "measure.rangev": Number(model.ranges["v"][1]),
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
        "trigger.source.limiti": Number(LIMIT_AUTO, least_i, most_i, special=(LIMIT_AUTO,)),
        "trigger.source.limitv": Number(LIMIT_AUTO, least_v, most_v, special=(LIMIT_AUTO,)),
        "trigger.source.stimulus": _STIMULUS,
    }


READ_ONLY = frozenset({"source.compliance"})
