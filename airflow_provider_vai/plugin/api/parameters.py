"""Parameters that several routes have.

The pattern of a name is only for the OpenAPI document: an automation with another name does not exist, so the answer is
404, not 422.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

from airflow_provider_vai.languages.identifiers import MAX_DAG_ID_BYTES

_DAG_ID: dict[str, Any] = {"pattern": r"^\w[\w.-]*$", "maxLength": MAX_DAG_ID_BYTES}

_ONE_LINE: dict[str, Any] = {"pattern": r"^[^\r\n]+$"}
"""A newline ends the path of a mounted app."""

LIMIT = "How many entries the page has at most."

DagId = Annotated[str, Path(description="The DAG id.", json_schema_extra=_DAG_ID)]
DagIdInQuery = Annotated[str, Query(description="The DAG id.", json_schema_extra=_DAG_ID)]
StepKey = Annotated[str, Path(description="The key of the step.", json_schema_extra={"pattern": r"^\w+$"})]
RecordingId = Annotated[str, Path(description="The id of the run.", json_schema_extra=_ONE_LINE)]
RunId = Annotated[str, Path(description="The id of the DAG run.", json_schema_extra=_ONE_LINE)]
SourceId = Annotated[str, Path(description="The id of the trace in the list of sources.", json_schema_extra=_ONE_LINE)]
VersionNumber = Annotated[int, Path(description="The number of the version.", ge=1, le=10**6)]
Limit = Annotated[int, Query(description=LIMIT, ge=1, le=1000)]
Offset = Annotated[int, Query(description="How many entries are skipped.", ge=0, le=10**9)]
