"""Connections to systems that Airflow has no hook for."""
