"""Reads recorded runs: formats, live sources, several exports of one run."""
