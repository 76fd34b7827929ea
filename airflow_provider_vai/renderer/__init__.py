"""What the renderer writes: the DAG's settings, its tasks and the tasks around them, the edges, and the audit."""
