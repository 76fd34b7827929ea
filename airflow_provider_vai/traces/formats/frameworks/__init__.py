"""Agent frameworks' own dumps of their messages, state or memory."""
