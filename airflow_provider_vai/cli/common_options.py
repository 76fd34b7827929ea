"""Options that several commands have."""

from __future__ import annotations

from airflow_provider_vai.cli.command import option

JSON = option("--json", action="store_true", help="print JSON instead of text for people")
QUIET = option("--quiet", "-q", action="store_true", help="print errors only, no report, notes or next steps")
WIDE = option("--wide", action="store_true", help="show every column, with ids, however wide the table becomes")
