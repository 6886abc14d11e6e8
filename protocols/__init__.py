"""What is done to a device: segments, pulse trains, protocols and their parameters.

Pure: no I/O, no clock, no sleep. A protocol yields steps; a step plays a compiled
pulse program, selects a resistance or returns the device to its baseline.
"""
