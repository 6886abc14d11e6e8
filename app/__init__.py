"""The application: what a person at the bench uses.

``fmes`` is `cli`, whose work is in `commands`; ``fmes-gui`` is `gui`; `lab` is for notebooks. Below
them `rigs` opens the instruments that a rig file describes, `running` plays and records a run,
and `guard` watches over the rig from a process of its own. `campaigns`, `reproduction` and
`training` do many runs or networks. `station` owns the rig for windows, `library` reads what was
recorded.
"""
