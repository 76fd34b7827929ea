"""Sessions that coding agents keep on this machine. They are only read."""
