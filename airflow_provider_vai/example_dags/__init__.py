"""Example DAGs, which Airflow shows if ``[core] load_examples`` is on. ``dev/example/packaged.py`` writes them."""
