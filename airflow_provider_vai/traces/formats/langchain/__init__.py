"""Reads LangChain messages and LangGraph states."""
