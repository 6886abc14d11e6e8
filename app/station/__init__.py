"""The station: owns the rig, the queue of runs and the runner; windows are its clients."""
