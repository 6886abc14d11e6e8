"""A run: prepared, played safely, recorded and shown."""
