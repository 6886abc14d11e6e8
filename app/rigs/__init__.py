"""Rigs: the file that describes one, opening it, and trying and calibrating it."""
