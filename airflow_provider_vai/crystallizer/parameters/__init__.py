"""Lifts arguments that should vary between runs into DAG params, and dates into templates."""
