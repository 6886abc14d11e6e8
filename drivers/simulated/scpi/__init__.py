"""A core for emulated SCPI instruments: IEEE 488.2 messages and status, SCPI grammar.

An instrument declares its commands as a table (`table`), one line a command, on the base
`instrument.ScpiInstrument`. The parts, from the host inwards: `instrument` takes messages and
answers them, `program` reads their grammar, `header` finds the command, `parameters` says
what it accepts, `status` and `errors` report, `response` writes the answer.

Sources: IEEE 488.2-1992, SCPI-1999 volumes 1 (syntax and style) and 2 (command reference).
"""
