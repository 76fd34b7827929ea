"""Airflow hooks and connection types for systems that have no other hook."""
