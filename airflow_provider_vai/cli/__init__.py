"""The command line `vai`: the table of commands, the commands, and what they print."""
