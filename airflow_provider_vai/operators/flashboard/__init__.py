"""Makes the flashboard page: charts, tables, numbers."""
