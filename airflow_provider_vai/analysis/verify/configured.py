"""Prints connections and variables from the configured Airflow's database, as environment variables in JSON.

:mod:`.replay` starts ``python -m airflow_provider_vai.analysis.verify.configured [CONN_ID…]`` for ``--here``. It reads
the output from a pipe and puts it into the environment of the replay, so secrets are not written to disk.
"""

from __future__ import annotations

import json
import sys

MARK = "vai-environment:"


def main() -> None:
    """Print the line that :mod:`.replay` reads."""
    from airflow.models import Connection, Variable
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        connections = session.scalars(select(Connection).where(Connection.conn_id.in_(sys.argv[1:]))).all()
        found = {f"AIRFLOW_CONN_{connection.conn_id.upper()}": connection.as_json() for connection in connections}
        variables = session.scalars(select(Variable)).all()
        found |= {f"AIRFLOW_VAR_{variable.key.upper()}": variable.val for variable in variables}
    sys.stdout.write(f"\n{MARK}{json.dumps(found)}\n")


if __name__ == "__main__":
    main()
