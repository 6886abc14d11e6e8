"""What the description of a stimulus can raise."""

from __future__ import annotations


class ProtocolError(ValueError):
    """A stimulus that cannot be built, or cannot be carried on with.

    The message names the parameter, its value and what would be accepted.
    """


class ParameterError(ProtocolError):
    """Parameters that are not accepted, alone or together.

    Parameters
    ----------
    problems
        The parameter, as ``width`` or ``states.1`` for the second of a list, or "" for several
        together; and what is wrong with it.
    """

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        lines = [f"{name}: {text}" if name else text for name, text in problems]
        super().__init__("\n".join(lines))
        self.problems = problems
