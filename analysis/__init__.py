"""From a run to typed measures, a table and a figure; one analysis per protocol.

A measure states its definition and source, and says why when it has no value.
"""
