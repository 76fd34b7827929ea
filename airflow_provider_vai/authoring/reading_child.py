"""The process that reads for the API server: ``python -m airflow_provider_vai.authoring.reading_child MEMORY_BYTES``.

Only the plugin starts it. A request is JSON: ``{"task", "notifiers", …}``, with the arguments of a function of
:data:`TASKS`. The answer is JSON: ``{"result"}``, ``{"refused"}`` with an error of ours, ``{"out_of_memory": true}``,
or ``{"failed"}`` with a traceback.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from airflow_provider_vai.authoring import stored_recordings
from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions
from airflow_provider_vai.authoring.crystallizing import crystallized, recordings_of, runs_of, taken_for
from airflow_provider_vai.authoring.specs.file import from_document
from airflow_provider_vai.authoring.stored_recordings import Stored
from airflow_provider_vai.crystallizer.run_secrets import masked_run
from airflow_provider_vai.crystallizer.several.recording import Recording
from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.languages.masked_json import masked_json
from airflow_provider_vai.languages.python_function import python_path
from airflow_provider_vai.model import notifiers
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.tools_file import ToolsFile
from airflow_provider_vai.operators.runtime.bounded_process import serve
from airflow_provider_vai.store.shared_files import folder


def summaries(trace: str, format: str | None, ending: str) -> Any:
    """Return what the runs of a trace file are.

    :param trace: a local file with the content. :param format: an adapter's name, or ``None``.
    :param ending: the ending that the content is read with.
    """
    return stored_recordings.summaries(Path(trace).read_bytes(), format, ending)


def shown_run(recordings: str, entry: dict[str, Any], transparent: list[str]) -> Any:
    """Return a stored run as the JSON text of an answer, with credentials masked.

    :param recordings: the folder of recordings. :param entry: the fields of a :class:`Stored`.
    :param transparent: see :func:`masked_json`.
    """
    run = masked_run(stored_recordings.run(folder(recordings), Stored(**entry)))
    return masked_json(run.model_dump(by_alias=True), transparent).decode("ascii")


def crystallize(
    recordings: str, automations: str, entries: list[dict[str, Any]], tools: list[Any], options: dict[str, Any]
) -> Any:
    """Return the automation of stored runs, and, of several, what they were taken for.

    :param recordings: the folder of recordings. :param automations: the folder of the future DAG file.
    :param entries: the fields of :class:`Stored` for each run. :param tools: the rules of a tools file.
    :param options: the fields of :class:`CrystallizeOptions`.
    """
    runs, sentence = _recordings(recordings, [Stored(**entry) for entry in entries])
    made = crystallized(
        runs,
        ToolsFile.model_validate({"tools": tools}),
        options=CrystallizeOptions(**options),
        folder=folder(automations),
    )
    return {"automation": made.model_dump(mode="json"), "taken_for": sentence}


def automation(document: dict[str, Any], automations: str, secret_conn_id: str | None) -> Any:
    """Return the automation of a spec.

    :param document: the spec. :param automations: the folder of the future DAG file.
    :param secret_conn_id: the connection with a webhook's secret.
    """
    modules = python_path(folder(automations))
    made = from_document(document, Path("automation"), secret_conn_id=secret_conn_id, python_path=modules)
    return made.model_dump(mode="json")


def propose(recordings: str, automation: dict[str, Any], step: str, place: str, say: list[str]) -> Any:
    """Return how each run can work out an argument, as :class:`~airflow_provider_vai.authoring.deriving.Proposed`.

    :param recordings: the folder of recordings. :param automation: the automation. :param step: the step's key.
    :param place: the place in its arguments. :param say: what the value is, in words.
    """
    from airflow_provider_vai.authoring.deriving import propose as proposed, stored_run

    made = Automation.model_validate(automation)
    return asdict(proposed(made, step, place, stored_run(made, folder(recordings)), say))


TASKS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (summaries, shown_run, crystallize, automation, propose)
}
"""The functions that a request can name."""


def answer(request: bytes) -> bytes:
    """Return the answer to a request; see the module.

    :param request: the request as JSON.
    """
    fields = json.loads(request)
    setting = fields.pop("notifiers")
    notifiers.read_setting(lambda: str(setting))
    task = TASKS[fields.pop("task")]
    try:
        reply = {"result": task(**fields)}
    except VaiError as error:
        reply = {"refused": error.as_data()}
    except MemoryError:
        reply = {"out_of_memory": True}
    except Exception:  # a fault of ours: the server's log shows it
        reply = {"failed": traceback.format_exc()}
    return json.dumps(reply).encode("ascii")


def _recordings(folder_: str, entries: list[Stored]) -> tuple[list[Recording], str | None]:
    """Return the runs that the recordings are of, and, of several recordings, what they were taken for."""
    place = folder(folder_)
    if len(entries) == 1:
        return [Recording("", stored_recordings.run(place, entries[0]), entries[0].trace_sha256)], None
    exports = stored_recordings.exports(place, entries)
    groups = runs_of(exports)
    return recordings_of(groups), taken_for([export.name for export in exports], groups)


if __name__ == "__main__":
    serve(answer)
