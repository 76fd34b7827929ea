"""The renderer: turns an automation into the text of a DAG file, and checks the text."""
