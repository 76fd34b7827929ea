"""Lays out the steps of several runs, with a branch before steps that only some runs made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from airflow_provider_vai.crystallizer.several.align import AlignedStep
from airflow_provider_vai.crystallizer.several.predicates import Predicate
from airflow_provider_vai.languages.identifiers import Names
from airflow_provider_vai.model.argument import Argument, Output, Wire
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.step_approval import StepApproval

Unit = list[Step]
"""A step, preceded by its gate if it has one."""


@dataclass(frozen=True)
class Block:
    """Consecutive steps that the same runs made.

    :param runs: the numbers of these runs.
    :param columns: the steps.
    :param otherwise: the steps that all other runs made instead.
    """

    runs: frozenset[int]
    columns: tuple[AlignedStep, ...]
    otherwise: tuple[AlignedStep, ...] = ()


def blocks(columns: Sequence[AlignedStep], every: frozenset[int]) -> list[Block]:
    """Return the columns in blocks. Two consecutive blocks that are alternatives and cover all runs become one.

    :param columns: the columns in order.
    :param every: the numbers of all runs.
    """
    found: list[Block] = []
    for column in columns:
        last = found[-1] if found else None
        if last and last.runs == column.runs and not last.otherwise:
            found[-1] = Block(last.runs, (*last.columns, column))
        elif last and last.runs != every and column.runs == every - last.runs:
            found[-1] = Block(last.runs, last.columns, (*last.otherwise, column))
        else:
            found.append(Block(column.runs, (column,)))
    return found


def laid_out(
    found: Sequence[Block],
    unit: Callable[[AlignedStep], Unit],
    predicates: Mapping[frozenset[int], Predicate],
    inputs: Mapping[str, str],
    names: Names,
) -> list[Step]:
    """Return the steps as a sequence, with a branch before each block that only some runs made.

    :param found: the blocks in order.
    :param unit: returns the step of a column with its gate.
    :param predicates: the condition of each block, by its runs.
    :param inputs: by the name of each input of a condition, the key of the step whose result it is.
    :param names: the names of the automation's steps.
    """
    steps: list[Step] = []
    ends: list[str] = []  # the steps that the next step waits for
    open_: Step | None = None  # the branch that leads to the next step if its condition is false
    for block in found:
        predicate = predicates.get(block.runs)
        if predicate is None:
            for column in block.columns:
                made = _behind(unit(column), ends)
                steps, open_ = _closed(steps, open_, made[0]), None
                steps, ends = [*steps, *made], [made[-1].key]
            continue
        branch = _branch(predicate, block, inputs, names, ends)
        steps, open_ = _closed(steps, open_, branch), None
        first = _chain(block.columns, unit, branch.key)
        second = _chain(block.otherwise, unit, branch.key)
        lists = {"if_true": [first[0].task_id], **({"if_false": [second[0].task_id]} if second else {})}
        branch = _with_lists(branch, lists)
        steps = [*steps, branch, *first, *second]
        ends = [first[-1].key, second[-1].key if second else branch.key]
        open_ = None if second else branch
    return steps


def _closed(steps: list[Step], branch: Step | None, following: Step) -> list[Step]:
    """Return the steps with the branch leading to the step after its block if its condition is false."""
    if branch is None:
        return steps
    lists = {"if_true": branch.arguments["if_true"].value, "if_false": [following.task_id]}
    return [_with_lists(step, lists) if step.key == branch.key else step for step in steps]


def _chain(columns: Sequence[AlignedStep], unit: Callable[[AlignedStep], Unit], behind: str) -> list[Step]:
    steps: list[Step] = []
    for column in columns:
        steps += _behind(unit(column), [steps[-1].key if steps else behind])
    return steps


def _behind(unit: Unit, ends: Sequence[str]) -> Unit:
    waits = [list(ends), *([step.key] for step in unit)]
    return [step.model_copy(update={"depends_on": before}) for step, before in zip(unit, waits, strict=False)]


def _branch(predicate: Predicate, block: Block, inputs: Mapping[str, str], names: Names, ends: Sequence[str]) -> Step:
    key = names.give(f"whether_{block.columns[0].key}")
    kind = by_name()["conditional_branch"]
    arguments = {"condition": Argument.frozen(predicate.condition)}
    if predicate.inputs:
        arguments["inputs"] = _inputs(predicate, inputs)
    return Step(
        key=key,
        task_id=key,
        kind=kind.name,
        operator=kind.operator,
        depends_on=list(ends),
        approval=StepApproval(recorded="not_required", reason="it only decides which steps run"),
        arguments=arguments,
    )


def _inputs(predicate: Predicate, inputs: Mapping[str, str]) -> Argument:
    wires = [Wire(at=[name], from_=Output(step=inputs[name])) for name in predicate.inputs]
    return Argument(class_="wired", value=dict.fromkeys(predicate.inputs), wires=wires, origin="tool_output")


def _with_lists(branch: Step, lists: Mapping[str, list[str]]) -> Step:
    made = {name: Argument.frozen(tasks) for name, tasks in lists.items()}
    return branch.model_copy(update={"arguments": {**branch.arguments, **made}})
