"""The experimenter's window. Qt is imported here and nowhere else, and h5py never."""
