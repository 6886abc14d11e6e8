"""Emulated instruments around one simulated device, on one virtual clock.

Simulation knows physics and a clock, never what a protocol wants to see.
"""
