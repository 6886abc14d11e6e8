"""Recorded runs for the window: listed, charted, compared, exported, in a process of their own."""
