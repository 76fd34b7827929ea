"""Asks Airflow's DAG processor to read a DAG file at once, instead of when it next looks for new files.

Airflow looks for new files every 300 seconds (``[dag_processor] refresh_interval``). A request for priority parsing in
its database is answered within seconds, also for a file that Airflow does not know yet: Airflow 3.1 and later put the
file first in the queue, and look through its bundle again. The REST route ``PUT /parseDagFile`` makes the same request,
but only for known files. As a program, ``python -m airflow_provider_vai.store.parse_request FILE`` makes the request
for code that does not import Airflow.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def request_parsing(file: Path) -> bool:
    """Ask Airflow to read a DAG file next; return whether the file is in one of its DAG bundles.

    :param file: The DAG file, in the local file system.
    """
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.models.dagbag import DagPriorityParsingRequest
    from airflow.utils.session import create_session
    from sqlalchemy.exc import IntegrityError

    place = file.resolve()
    for bundle in DagBundlesManager().get_all_dag_bundles():
        root = Path(bundle.path).resolve()
        if place.is_relative_to(root):
            request = DagPriorityParsingRequest(bundle.name, place.relative_to(root).as_posix())
            with suppress(IntegrityError), create_session(scoped=False) as session:  # it was already requested
                session.add(request)
            return True
    return False


def main(files: Sequence[str]) -> int:
    """Ask Airflow to read DAG files next, and return the exit code: 1 if one is in none of its DAG bundles, or if the
    database cannot be used; the reason is the last line on standard error.

    :param files: The paths of the files.
    """
    from sqlalchemy.exc import DBAPIError

    try:
        asked = [request_parsing(Path(file)) for file in files]
    except DBAPIError:
        sys.stderr.write("its database cannot be reached, or was never set up (`airflow db migrate`)\n")
        return 1
    return 0 if all(asked) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
