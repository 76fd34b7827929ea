"""The substitution proof for several runs.

With each run's own values for the params and its own results for the wires, every step of the automation must have the
arguments that the run recorded, except at places that are listed for review.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_vai.crystallizer.several.align import AlignedStep
from airflow_provider_vai.crystallizer.several.derived import result_of
from airflow_provider_vai.crystallizer.several.playback import At
from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import json_text, result_path
from airflow_provider_vai.languages.derivation import Node, evaluate
from airflow_provider_vai.languages.places import with_value
from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.automation import Step

UNKNOWN: Any = object()


def differences(
    columns: Sequence[AlignedStep], steps: Mapping[str, Step], params: Mapping[str, Mapping[int, Any]]
) -> Iterator[tuple[int, str, At]]:
    """Yield each place where a step would not have the recorded value: the run's number, the step's key, the place.

    :param columns: the steps that were kept.
    :param steps: the automation's steps by key.
    :param params: by the name of each param, its value in each run.
    """
    sources = {column.key: column for column in columns}
    for column in columns:
        step = steps[column.key]
        for run, played in column.of.items():
            if played.is_mapped:
                continue
            for name in sorted({*step.arguments, *played.arguments}):
                given = _given(step.arguments.get(name), run, sources, params)
                recorded = played.values.get(name, UNKNOWN)
                for at in _differing(given, recorded, (name,)):
                    yield run, column.key, at


def _given(
    argument: Argument | None, run: int, sources: Mapping[str, AlignedStep], params: Mapping[str, Mapping[int, Any]]
) -> Any:
    if argument is None:
        return UNKNOWN
    if argument.class_ == "template":
        return argument
    if argument.class_ == "parameter":
        return params[argument.param or ""].get(run, UNKNOWN)
    if argument.from_:
        return _result(argument.from_, run, sources)
    if argument.derive:
        return _worked_out(argument.derive, run, sources)
    value = argument.value
    for wire in argument.wires:
        if wire.from_:
            part = _result(wire.from_, run, sources)
        elif wire.derive:
            part = _worked_out(wire.derive, run, sources)
        else:
            part = argument if wire.template else params[wire.param or ""].get(run, UNKNOWN)
        value = with_value(value, wire.at, part)
    return value


def _result(output: Output, run: int, sources: Mapping[str, AlignedStep]) -> Any:
    source = sources.get(output.step or "")
    if source is None or run not in source.of:
        return UNKNOWN
    try:
        return result_path.follow(source.of[run].left, output.path)
    except LookupError:
        return UNKNOWN


def _worked_out(tree: Node, run: int, sources: Mapping[str, AlignedStep]) -> Any:
    try:
        return evaluate(tree, lambda reference: result_of(reference, run, sources))
    except (DerivationError, LookupError, TypeError):
        return UNKNOWN


def _differing(given: Any, recorded: Any, at: At) -> Iterator[At]:
    if isinstance(given, Argument):  # a template, which Airflow renders
        return
    if isinstance(given, dict) and isinstance(recorded, dict):
        for key in sorted({*given, *recorded}):
            yield from _differing(given.get(key, UNKNOWN), recorded.get(key, UNKNOWN), (*at, key))
    elif isinstance(given, list) and isinstance(recorded, list) and len(given) == len(recorded):
        for index, (one, other) in enumerate(zip(given, recorded, strict=True)):
            yield from _differing(one, other, (*at, index))
    elif UNKNOWN in (given, recorded) or json_text.canonical(given) != json_text.canonical(recorded):
        yield at
