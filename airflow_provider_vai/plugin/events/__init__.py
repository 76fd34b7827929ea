"""Airflow listeners: asset events at the end of a run."""
