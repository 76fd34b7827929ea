"""`vai diff`: compares two automations, or two versions of one automation."""
