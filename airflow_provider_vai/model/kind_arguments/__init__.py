"""The argument models of the action kinds: what a trace or an editor may supply, under the operator's argument names.

The models are strict: exact types, unknown names rejected. Aliases are other names that traces use for an argument. An
automation has few kinds, so a module with models is imported only for a step of one of its kinds.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Arguments(BaseModel):
    """Base of the argument models: exact types, unknown names rejected.

    A DAG file lists the arguments in the order of the fields, with those in ``written_first`` before the others.
    """

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True, defer_build=True)
    written_first: ClassVar[tuple[str, ...]] = ()
