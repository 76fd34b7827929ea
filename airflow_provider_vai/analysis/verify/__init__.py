"""`vai verify --replay`: runs the automation now and compares each step's result with the recorded one.

``verification`` is the entry point. ``recordings`` provides the recorded results, and ``baseline`` stores results that
a person accepted. ``replay`` runs the DAG file in a separate process: ``child`` is the code of that process, and
``stand_ins`` keeps its writes from happening. ``compare`` finds the differences between two results, ``verdicts`` gives
each step a verdict, and ``report`` and ``page`` format the report. ``files`` checks the files without a replay.
"""
