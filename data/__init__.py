"""What was measured: sample records, run metadata, the HDF5 files and their reader."""
