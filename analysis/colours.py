"""The colours of every figure and window, as numbers: no drawing library is needed to know them.

Colours can be told apart with the common colour-vision deficiencies (Okabe and Ito's for
kinds, a perceptually uniform map for ordered states) and are always paired with a marker
or a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_VIRIDIS = np.frombuffer(
    bytes.fromhex(
        "44015446085c471063481769481d6f482475472a7a46307e453781433d844142873f48893d4e8a"
        "3a538b38598c355e8d33638d31688e2e6d8e2c718e2a768e297b8e27808e25848e23898e218e8d"
        "20928c1f978b1e9c891fa18821a58524aa8328ae802eb37c35b7793dbc7446c06f50c46a5ac864"
        "65cb5e70cf577cd25089d54895d840a2da37b0dd2fbddf26cae11fd8e219e5e419f1e51dfde725"
    ),
    np.uint8,
).reshape(-1, 3)
"""Every fifth of the 256 colours of the map viridis, by van der Walt and Smith (CC0)."""


@dataclass(frozen=True)
class Theme:
    """The colours of one appearance.

    Parameters
    ----------
    paper, ink, faint
        Background; text and axes; grid and helper lines.
    up, down
        Potentiation and depression.
    alert
        What must not be overlooked.
    states
        Part of the ordered colour map that stands out from the paper, from 0 to 1.
    runs
        Colours of overlaid runs, which have no order.
    """

    paper: str
    ink: str
    faint: str
    up: str
    down: str
    alert: str
    states: tuple[float, float]
    runs: tuple[str, ...]

    def ordered(self, count: int) -> list[str]:
        """Colours of `count` ordered states."""
        places = np.linspace(*self.states, count) if count > 1 else [sum(self.states) / 2]
        return [_viridis(float(p)) for p in places]

    def greys(self, count: int) -> list[str]:
        """Shades of the ink for `count` ordered kinds where colours stand for states."""
        shares = np.linspace(0.55, 0.0, count) if count > 1 else [0.0]
        return [blend(self.ink, self.paper, float(share)) for share in shares]


LIGHT = Theme(
    paper="#ffffff", ink="#1a1a1a", faint="#c8c8c8", up="#0072b2", down="#d55e00", alert="#b30000",
    states=(0.0, 0.82),
    runs=("#0072b2", "#d55e00", "#00805f", "#b0468a", "#8a6100", "#5b5bd6", "#6b6b6b", "#1a1a1a"),
)  # fmt: skip
DARK = Theme(
    paper="#16181d", ink="#e6e6e6", faint="#4a4e57", up="#56b4e9", down="#e69f00", alert="#ff7b72",
    states=(0.3, 1.0),
    runs=("#56b4e9", "#e69f00", "#2fc49b", "#e08cc0", "#f0e442", "#a9a4ff", "#a5a5a5", "#e6e6e6"),
)  # fmt: skip


def theme(dark: bool) -> Theme:
    """The light or the dark appearance."""
    return DARK if dark else LIGHT


def state_colours(look: Theme, nominal: Sequence[float]) -> list[str]:
    """A colour for each resistance (ohm), in the order given; darker or lighter with rank."""
    ranks = {r: i for i, r in enumerate(sorted(set(nominal)))}
    colours = look.ordered(len(ranks))
    return [colours[ranks[r]] for r in nominal]


def blend(one: str, other: str, share: float) -> str:
    """The colour that holds `share` of the other, from 0 to 1; all as ``#rrggbb``."""
    return _hex((1 - share) * _rgb(one) + share * _rgb(other))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours as WCAG 2 defines it, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    share = _rgb(colour) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def _viridis(place: float) -> str:
    index = min(255, int(256 * place))
    known = 5 * np.arange(len(_VIRIDIS))
    return _hex(np.array([np.interp(index, known, _VIRIDIS[:, k]) for k in range(3)]))


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array(list(bytes.fromhex(colour.removeprefix("#"))), np.float64)


def _hex(rgb: NDArray[np.float64]) -> str:
    return "#" + bytes(np.rint(rgb).astype(int).tolist()).hex()
