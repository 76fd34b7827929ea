"""Prints connections and variables of the configured Airflow's database, as environment variables in JSON.

``python -m airflow_provider_vai.analysis.verify.configured [CONN_ID…]``, started by :mod:`.replay` for ``--here``. They
stay in memory: the output is a pipe, and goes into the environment of the replay.
"""

from __future__ import annotations

import json
import sys

MARK = "vai-environment:"


def main() -> None:
    """Print the line that ``replay`` reads."""
    from airflow.models import Connection, Variable
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        connections = session.scalars(select(Connection).where(Connection.conn_id.in_(sys.argv[1:]))).all()
        found = {f"AIRFLOW_CONN_{it.conn_id.upper()}": it.as_json() for it in connections}
        found |= {f"AIRFLOW_VAR_{it.key.upper()}": it.val for it in session.scalars(select(Variable)).all()}
    sys.stdout.write(f"\n{MARK}{json.dumps(found)}\n")


if __name__ == "__main__":
    main()
