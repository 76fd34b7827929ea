"""Tests of the pages inside Airflow."""
