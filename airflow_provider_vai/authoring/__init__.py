"""Makes and changes automations: from recordings, from specs written by hand, by edits."""
