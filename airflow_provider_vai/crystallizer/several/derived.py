"""Finds how a value that differs between the runs was worked out: by an expression that is right in every run.

The search is that of one run (:mod:`~airflow_provider_vai.crystallizer.deriving`): it finds the expressions on the
newest run's results, and each of them is evaluated on the other runs' own results. What is left after that is proven if
it is one behaviour. If several are left, the user's words choose one, or nothing is derived.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_provider_vai.crystallizer.deriving.agreement import OtherRun
from airflow_provider_vai.crystallizer.deriving.search import ArgumentSearch, DerivedPlace
from airflow_provider_vai.crystallizer.deriving.seen import RunTables, SeenBefore
from airflow_provider_vai.crystallizer.draft import Derive
from airflow_provider_vai.crystallizer.several.align import AlignedStep
from airflow_provider_vai.crystallizer.several.playback import At, Playback
from airflow_provider_vai.crystallizer.several.sources import Sources
from airflow_provider_vai.languages import result_path
from airflow_provider_vai.languages.derivation import Node
from airflow_provider_vai.languages.derivation.words import words
from airflow_provider_vai.languages.places import value_at, value_or
from airflow_provider_vai.model import derivation
from airflow_provider_vai.model.flags import is_list_of_prose
from airflow_provider_vai.secrets.masking import mask

SHOWN_RIVALS = 3


@dataclass(frozen=True)
class Worked:
    """How a value is worked out in every run.

    :param tree: the derivation, with the keys of the automation's steps; ``None`` if nothing was accepted.
    :param why: the reasons, as a line for people.
    :param tables: the identities of the tables that it was worked out from.
    :param rivals: what else is right in every run, in words.
    """

    tree: Node | None
    why: str = ""
    tables: frozenset[int] = frozenset()
    rivals: tuple[str, ...] = ()


@dataclass
class Derivations:
    """Searches the steps of several runs.

    :param playbacks: the runs, newest first.
    :param mode: which derivations to accept, see :class:`~airflow_provider_vai.crystallizer.draft.Policy`.
    """

    playbacks: Sequence[Playback]
    mode: Derive = "proposed"
    _tables: dict[int, RunTables] = field(default_factory=dict)

    def find(
        self,
        column: AlignedStep,
        at: At,
        values: Mapping[int, Any],
        sources: Sources,
        *,
        by_words: bool = False,
        beside: Collection[int] = (),
    ) -> Worked:
        """Return how a value that differs between the runs is worked out.

        :param column: the step's column. :param at: the value's place, the argument's name first.
        :param values: the values by run. :param sources: the results that the step may read.
        :param by_words: accept only what the user's words say, because a wire is right in every run, too.
        :param beside: the identities of the tables of what is derived beside it: a number may lean on them.
        """
        base = min(values)
        if self.mode == "none" or len(values) < 2 or (by_words and self.mode == "proven"):
            return Worked(None)
        seen = SeenBefore(
            self._tables_of(base),
            replace(column.of[base].draft, key=column.of[base].step.key),
            [
                OtherRun(column.of[run].values, self._resolver(column, base, run, sources))
                for run in values
                if run != base
            ],
            needs="proof" if self.mode == "proven" else "words" if by_words else "either",
        )
        if not seen.tables and not seen.sources:
            return Worked(None)
        search = ArgumentSearch(seen, [])
        place = search.at(values[base], list(at))
        if place is None and beside:
            place = search.at(values[base], list(at), beside)
        if place is None:
            rivals = [words(one.result) for one in seen.judge.open]
            return Worked(None, rivals=tuple(dict.fromkeys(mask(rival) for rival in rivals[:SHOWN_RIVALS])))
        keys = {played.step.key: source.key for source in sources.columns if (played := source.of.get(base))}
        tables = frozenset(id(one.expression.table) for one in place.accepted)
        return Worked(derivation.renamed(place.node, keys), _why(place, len(values)), tables)

    def refuted(
        self, column: AlignedStep, name: str, values: Mapping[int, Any], sources: Sources
    ) -> Iterator[tuple[At, str]]:
        """Yield the places of an argument for which one run proposed a derivation that is wrong in another run.

        :param column: the step's column. :param name: the argument's name. :param values: its values by run.
        :param sources: the results that the step may read.
        :return: each place, and what was refuted by which run, for people.
        """
        for base in values:
            argument = column.of[base].step.arguments.get(name)
            for at, tree in argument.trees() if argument else ():
                wrong = [
                    run
                    for run, value in values.items()
                    if run != base
                    and not OtherRun({}, self._resolver(column, base, run, sources)).gives(tree, value_or(value, at))
                ]
                if wrong:
                    proposed, other = self.playbacks[base].name, self.playbacks[wrong[0]].name
                    yield tuple(at), mask(f"{words(tree)}: proposed from {proposed}, refuted by {other}")

    def _tables_of(self, run: int) -> RunTables:
        if run not in self._tables:
            playback = self.playbacks[run]
            drafts = [replace(one.draft, key=one.step.key) for one in playback.steps if not one.is_mapped]
            self._tables[run] = RunTables(playback.evidence.with_steps(drafts))
        return self._tables[run]

    @staticmethod
    def _resolver(column: AlignedStep, base: int, run: int, sources: Sources) -> Callable[[Node], Any]:
        """Return what gives the value of a reference in a run, if the step may read it there.

        :param base: the run whose keys the references have.
        """

        def resolve(reference: Node) -> Any:
            source = sources.column_of(base, reference.get("step"))
            if reference["function"] != "wired" or source is None or run not in source.of:
                raise LookupError(f"no result for {reference}")
            played = source.of[run]
            if not sources.may_read(source, column) or played.batch >= column.of[run].batch:
                raise LookupError(f"{source.key} may not be read")
            return result_path.follow(played.left, list(reference.get("path", [])))

        return resolve


def result_of(reference: Node, run: int, columns: Mapping[str, AlignedStep]) -> Any:
    """Return the value of a reference of the finished automation in a run.

    :param columns: the columns by the keys of the automation's steps.
    :raises LookupError: the run has no such result.
    """
    source = columns.get(str(reference.get("step")))
    if reference["function"] != "wired" or source is None or run not in source.of:
        raise LookupError(f"no result for {reference}")
    return result_path.follow(source.of[run].left, list(reference.get("path", [])))


def in_list_of_several(recorded: Any, at: At) -> bool:
    """Return whether a place is inside a list of several, which is derived as a whole or not at all.

    A list of sentences is no selection: each of them is worked out by itself.
    """
    above = (value_at(recorded, list(at[:depth])) for depth, part in enumerate(at) if isinstance(part, int))
    return any(len(found) > 1 and not is_list_of_prose(found) for found in above)


def _why(place: DerivedPlace, runs: int) -> str:
    points = min((one.points for one in place.accepted), default=0)
    proven = all(one.is_proven for one in place.accepted)
    how = "the only behaviour left" if proven else f"chosen by the user's words ({points} points)"
    rivals = [words(rival.node) for one in place.accepted for rival in one.rivals][:SHOWN_RIVALS]
    line = f"{words(place.node)}; right in all {runs} runs, with different values; {how}"
    return mask(f"{line}; also fits: {'; '.join(rivals)}" if rivals else line)
