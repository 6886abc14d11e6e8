"""The application: the rig file, the runner, the command line."""
