"""Sessions of coding agents that keep calls and results in a shape of their own."""
