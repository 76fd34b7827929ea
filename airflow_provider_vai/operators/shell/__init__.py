"""Commands: how they run on the worker or on another host, and what is kept of their output."""
