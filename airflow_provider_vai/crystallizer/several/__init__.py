"""Makes one automation from several runs of one task; the entry point is the module ``generalise``."""
