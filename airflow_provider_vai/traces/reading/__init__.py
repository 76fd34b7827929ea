"""Opens trace files of any size and finds their runs."""
