"""Crystallize recorded AI-agent runs into Airflow DAG files."""

__version__ = "0.1.0"
