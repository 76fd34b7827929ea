"""The passes of crystallization: each makes one decision and is a pure function."""
