"""The command line `vai`: the table of commands, their implementation, and their output."""
