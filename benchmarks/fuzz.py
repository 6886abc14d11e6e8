"""Feeds damaged rig and campaign files to the program; each must be read or refused in words.

    python benchmarks/fuzz.py [COUNT] [SEED]

Whole files are damaged: bytes, lines, values, keys, nesting. Half of them are rig files, half
campaigns, which are read with all their runs prepared. Anything but a success or an `InputError`
is a failure, and so is a file that takes longer than `PATIENCE`. Ends with code 1 when there was
one.
"""

from __future__ import annotations

import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from app.campaigns.campaign import Campaign
from app.errors import InputError
from app.rigs.rig_file import RigFile

COUNT = 1000
PATIENCE = 30
LONGEST_MESSAGE = 100_000
RIG = """
[source_meter]
driver = "keithley-2600b"
model = "2602B"
address = "TCPIP0::192.168.1.20::inst0::INSTR"
channel = "b"
wiring = "4-wire"
[resistor_bank]
driver = "keysight-34970a"
address = "GPIB0::9::INSTR"
settle = "20 ms"
resistors = [
  { channel = 101, nominal = "500 ohm", calibrated = "500.7 ohm" },
  { channel = 102, nominal = "8 kohm", calibrated = 7994.0 },
]
devices = [{ name = "A", channel = 110 }]
[device]
max_voltage = "0.8 V"
max_current = "5 mA"
[simulation]
seed = 7
noise = true
spread = 0.1
elements = { rs = 1.05 }
speed = "real time"
[visa]
library = "@py"
timeout = "2 s"
"""
CAMPAIGN = """
[defaults]
protocol = "pulse-train"
sample = "D7"
on_fault = "continue"
wait_for_baseline = { tolerance = "1 mV", time_limit = "2 min", hold = 20, watch = "5 s" }
[[run]]
note = "first"
set = { widths = "20 ms" }
sweep = { amplitudes = "0.2 mA..0.4 mA x 3", count = [5, 10] }
repeat = 2
[[run]]
protocol = "ltp-ltd"
preset = "text-500Hz"
set = { states = "500, open", up = 20, down = 20 }
wait_for_baseline = true
"""
VALUES = (
    "inf", "-inf", "nan", "0", "-1", "1e308", "1e-320", "9" * 40, "9" * 5000, "-0.0", "0x7fff",
    '""', '" "', '"1e400 V"', '"∞ ohm"', '"-5 mA"', '"1 parsec"', '"1..2 x 0"', '"../../x.py:Y"',
    '"1..2 x 1000000000"', '"log 1 ms..1 s x 99999999"', '"log 0..1 x 5"', '"5 V..1 mA x 3"',
    '"1,' + "2," * 3000 + '3"', '"' + "x" * 20_000 + '"', '"\\u0000"', '"💥"', "true", "[]", "{}",
    "[[]]", "[1, [2, [3]]]", "{ a = { b = { c = 1 } } }", "2026-11-24", "1979-05-27T07:32:00Z",
    "[" * 5000, "[" * 500 + "]" * 500, "'''", '"""', "[0" + ", 0" * 30_000 + "]", "1_000", "07",
)  # fmt: skip
WORDS = ("", "x", "source_meter", "run", "set", "sweep", "a.b.c", '"', "ω", "__class__",
         ".".join("a" * 3000))  # fmt: skip

Damage = Callable[[random.Random, bytes], bytes]


def flip(pick: random.Random, text: bytes) -> bytes:
    """Change a byte."""
    k = pick.randrange(len(text))
    return text[:k] + bytes([pick.randrange(256)]) + text[k + 1 :]


def cut(pick: random.Random, text: bytes) -> bytes:
    """Take a slice out."""
    a, b = sorted(pick.choices(range(len(text)), k=2))
    return text[:a] + text[b:]


def again(pick: random.Random, text: bytes) -> bytes:
    """Have a slice many times."""
    a, b = sorted(pick.choices(range(len(text)), k=2))
    return text[:b] + text[a:b] * pick.choice((1, 1, 2, 50)) + text[b:]


def end(pick: random.Random, text: bytes) -> bytes:
    """End early."""
    return text[: pick.randrange(len(text))]


def insert(pick: random.Random, text: bytes) -> bytes:
    """Put something in between."""
    what = (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\n", b"[", b"]", b"=", b"{", b'"', b"#", b"\r")
    k = pick.randrange(len(text))
    return text[:k] + pick.choice(what) * pick.choice((1, 1, 3, 1000)) + text[k:]


def value(pick: random.Random, text: bytes) -> bytes:
    """Give a key another value."""
    lines = text.split(b"\n")
    numbers = [k for k, line in enumerate(lines) if b" = " in line]
    if numbers:
        k = pick.choice(numbers)
        key = lines[k].split(b" = ", 1)[0]
        lines[k] = key + b" = " + pick.choice(VALUES).encode()
    return b"\n".join(lines)


def key(pick: random.Random, text: bytes) -> bytes:
    """Give a value another key, or a section another name."""
    lines = text.split(b"\n")
    k = pick.randrange(len(lines))
    word = pick.choice(WORDS).encode()
    if b" = " in lines[k]:
        lines[k] = word + b" = " + lines[k].split(b" = ", 1)[1]
    elif lines[k].startswith(b"["):
        lines[k] = b"[" + word + b"]"
    return b"\n".join(lines)


def inner(pick: random.Random, text: bytes) -> bytes:
    """Give a key within a line another value."""
    parts = text.split(b" = ")
    if len(parts) > 2:
        k = pick.randrange(1, len(parts))
        parts[k] = pick.choice(VALUES).encode() + b" }\n" + parts[k].partition(b"\n")[2]
    return b" = ".join(parts)


DAMAGES: tuple[Damage, ...] = (flip, cut, again, end, insert, value, value, value, key, inner)


def damaged(pick: random.Random, text: str) -> bytes:
    """A file with one to four damages."""
    data = text.encode()
    for _ in range(pick.choice((1, 1, 1, 2, 4))):
        data = pick.choice(DAMAGES)(pick, data or b"\n")
    return data


class _TooLongError(BaseException):
    """Nothing that the program could take for an error of its own."""


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise _TooLongError


def main(count: int, seed: int) -> int:
    """Damage, read, and print what became of the files."""
    pick = random.Random(seed)
    signal.signal(signal.SIGALRM, _too_long)
    read = refused = failed = 0
    longest = slowest = 0.0
    memory = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.toml"
        for k in range(count):
            rig = k % 2 == 0
            path.write_bytes(damaged(pick, RIG if rig else CAMPAIGN))
            begun = time.monotonic()
            signal.alarm(PATIENCE)
            try:
                RigFile.read(path) if rig else Campaign.read(path)
            except InputError as error:
                refused += 1
                longest = max(longest, len(str(error)))
                bad = "it says nothing" if not str(error).strip() else ""
                bad = bad or ("too long" if len(str(error)) > LONGEST_MESSAGE else "")
            except (Exception, _TooLongError) as error:  # noqa: BLE001 (this is what is looked for)
                where = traceback.extract_tb(error.__traceback__)[-1]
                bad = f"{repr(error)[:200]} ({where.filename}:{where.lineno})"
            else:
                read += 1
                bad = ""
            signal.alarm(0)
            slowest = max(slowest, time.monotonic() - begun)
            if bad:
                failed += 1
                print(f"FAILED {k}: {bad}\n    {path.read_bytes()[:300]!r}", flush=True)
            if k == count // 10:
                memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1000
    print(
        f"{count} damaged files: {read} read all the same, {refused} refused, {failed} failures; "
        f"slowest {slowest:.1f} s, longest message {longest:.0f} characters, {grown:.0f} MB more "
        "memory than after the first tenth"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(numbers + [COUNT, 1][len(numbers) :])))
