"""Instruments: the two interfaces, one file a model, the links to them, and emulated ones."""
