"""What ``vai verify --replay`` is made of: run the automation now, and compare each step's result with the recording.

``recordings`` says what each step returned when it was recorded, ``replay`` runs the DAG file in a process of its own
(``child`` is that process, ``stand_ins`` keeps its writes from happening), ``compare`` tells how today's results
differ, ``verdicts`` judges the steps, ``report`` and ``page`` show it; ``baseline`` keeps results that were accepted.
"""
