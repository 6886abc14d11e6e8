"""The status register sets of the 2600B family (Series 2600B reference manual, appendix E)."""

from __future__ import annotations

from drivers.simulated.tsp.status import ESB, MSB, OSB, QSB, SSB, Registers

_SMUS = {"SMUA": 2, "SMUB": 4}
_OVERRUNS = {"SMUA": 2, "SMUB": 4, "TRGBLND": 1024, "TRGTMR": 2048, "DIGIO": 4096}
_INSTRUMENTS = _OVERRUNS | {"TSPLINK": 8192, "LAN": 16384}
_TIMERS = {f"TMR{n}": 1 << n for n in range(1, 9)}
_LINES = {f"LINE{n}": 1 << n for n in range(1, 15)}
_SMU_OVERRUN = {"ARM": 2, "SRC": 4, "MEAS": 8, "ENDP": 16}
_SMU_OPERATION = {"CAL": 1, "SWE": 8, "MEAS": 16, "TRGOVR": 1024}
_SMU_MEASUREMENT = {"VLMT": 1, "ILMT": 2, "ROF": 128, "BAV": 256}

REGISTERS: Registers = {
    "measurement": (MSB, _SMU_MEASUREMENT | {"OE": 2048, "INST": 8192}),
    "measurement.voltage_limit": (1, _SMUS),
    "measurement.current_limit": (2, _SMUS),
    "measurement.reading_overflow": (128, _SMUS),
    "measurement.buffer_available": (256, _SMUS),
    "measurement.instrument": (8192, _SMUS),
    "measurement.instrument.smua": (2, _SMU_MEASUREMENT),
    "measurement.instrument.smub": (4, _SMU_MEASUREMENT),
    "operation": (
        OSB,
        {
            "CAL": 1,
            "SWE": 8,
            "MEAS": 16,
            "TRGOVR": 1024,
            "REM": 2048,
            "USER": 4096,
            "INST": 8192,
            "PROG": 16384,
        },
    ),
    "operation.calibrating": (1, _SMUS),
    "operation.sweeping": (8, _SMUS),
    "operation.measuring": (16, _SMUS),
    "operation.trigger_overrun": (1024, _INSTRUMENTS),
    "operation.remote": (2048, {"CAV": 2, "PRMPT": 2048}),
    "operation.user": (4096, {f"BIT{n}": 1 << n for n in range(15)}),
    "operation.instrument": (8192, _INSTRUMENTS),
    "operation.instrument.smua": (2, _SMU_OPERATION),
    "operation.instrument.smua.trigger_overrun": (1024, _SMU_OVERRUN),
    "operation.instrument.smub": (4, _SMU_OPERATION),
    "operation.instrument.smub.trigger_overrun": (1024, _SMU_OVERRUN),
    "operation.instrument.trigger_blender": (1024, {"TRGOVR": 1024}),
    "operation.instrument.trigger_blender.trigger_overrun": (
        1024,
        {f"BLND{n}": 1 << n for n in range(1, 7)},
    ),
    "operation.instrument.trigger_timer": (2048, {"TRGOVR": 1024}),
    "operation.instrument.trigger_timer.trigger_overrun": (1024, _TIMERS),
    "operation.instrument.digio": (4096, {"TRGOVR": 1024}),
    "operation.instrument.digio.trigger_overrun": (1024, _LINES),
    "operation.instrument.tsplink": (8192, {"TRGOVR": 1024}),
    "operation.instrument.tsplink.trigger_overrun": (1024, {f"LINE{n}": 1 << n for n in (1, 2, 3)}),
    "operation.instrument.lan": (16384, {"CON": 2, "TRGOVR": 1024}),
    "operation.instrument.lan.trigger_overrun": (1024, {f"LAN{n}": 1 << n for n in range(1, 9)}),
    "questionable": (QSB, {"CAL": 256, "UO": 512, "OTEMP": 4096, "INST": 8192}),
    "questionable.calibration": (256, _SMUS),
    "questionable.unstable_output": (512, _SMUS),
    "questionable.over_temperature": (4096, _SMUS),
    "questionable.instrument": (8192, _SMUS),
    "questionable.instrument.smua": (2, {"CAL": 256, "UO": 512, "OTEMP": 4096}),
    "questionable.instrument.smub": (4, {"CAL": 256, "UO": 512, "OTEMP": 4096}),
    "standard": (
        ESB,
        {"OPC": 1, "QYE": 4, "DDE": 8, "EXE": 16, "CME": 32, "URQ": 64, "PON": 128},
    ),
    "system": (SSB, {"EXT": 1} | {f"NODE{n}": 1 << n for n in range(1, 15)}),
}
