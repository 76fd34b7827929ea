"""Several runs of one task, and the one automation that is made of them: the parts of :mod:`..generalise`."""
