"""A core for emulated TSP instruments: they run Lua 5 scripts on their own time.

An instrument fills its scripts' global scope with tables (`namespace`) on the base
`instrument.TspInstrument`. The parts, from the host inwards: `instrument` takes messages and
runs scripts in `lua`, which shows them the tables; `output` writes answers, `status` and
`errors` report, `scripts` keeps what was loaded, `triggers` and `panel` are tables that the
families share.
"""
