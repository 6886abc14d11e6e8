"""Emulated Keysight B2901A and B2902A source-measure units."""

from __future__ import annotations

from drivers.simulated.keysight_b2900.instrument import EmulatedB2900

__all__ = ["EmulatedB2900"]
