"""The pages inside Airflow, below ``/vai/ui``: one module a view, templates, one style sheet and a little script."""
