"""The decisions of a crystallization, one pure function each."""
