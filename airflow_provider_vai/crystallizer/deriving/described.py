"""Finds the record that the user describes by the texts of an object in it, such as the options of a product.

"The large one in amber" is the only variant with these options. "Swap the small jar for a large one" is about two: of
the new one, what the user did not say is as in the one that it replaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from airflow_provider_vai.crystallizer.deriving.expressions import Condition, Expression, part_of, value_of
from airflow_provider_vai.crystallizer.deriving.seen import SeenBefore
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable, call
from airflow_provider_vai.crystallizer.evidence.said import stands_in
from airflow_provider_vai.crystallizer.evidence.value_places import leaves, only_items
from airflow_provider_vai.crystallizer.evidence.weight import name_words, weight
from airflow_provider_vai.languages.derivation import Node
from airflow_provider_vai.languages.derivation.conditions import CONTAINING
from airflow_provider_vai.languages.places import value_or
from airflow_provider_vai.languages.result_path import CHECK, follow
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.recipients import is_kind
from airflow_provider_vai.secrets.masking import mask

LEAST_OPTIONS = 2
"""How many texts describe an entry; a single one is often said of something else."""

FEWEST_DESCRIBED = 3
"""An object with fewer entries has some text for each of them."""

SHORT_OPTION = 2
OF_ANYTHING = ("yes", "no", "none", "true", "false", "other", "default", "standard")
"""The most characters of a text that says nothing without its option's name, and longer texts that do not either."""

SHORTEST_ENDING = 5
"""The fewest letters of a word that is the end of a longer one: "watch" and "wristwatch"."""

YES, NO = "yes", "no"
NEGATED = r"\b(?:not|no|non|without|isn't|isn\u2019t|aren't|aren\u2019t)[ -](?:an? |the )?"


class Replaced(NamedTuple):
    """The entry that the call names beside the one that it puts in its place.

    :param place: where the call names it. :param key: its key. :param entry: the entry.
    :param seen: what the model had seen before the call.
    """

    place: JsonPath
    key: str
    entry: dict[str, Any]
    seen: SeenBefore

    def text_of(self, field: str, option: str) -> Node | None:
        """Return the node of one of its texts in an earlier result about the same thing; ``None`` if none has it.

        :param field: the object that has the text. :param option: the name of the text.
        """
        for step, path in (*self._wired(), *self._alone()):
            if value_or(self._record(step, path), [field]) == self.entry[field]:
                return call("wired", step=step, path=[*path, field, option])
        for one in records_described(self.key, self.seen):
            row = one.node["value"]
            if value_or(value_of(row, one.table), [field]) == self.entry[field]:
                return call("part", value=row, path=[field, option])
        return None

    def _record(self, step: str, path: JsonPath) -> Any:
        try:
            return follow(self.seen.run.evidence.left[step], path)
        except LookupError:
            return None

    def _wired(self) -> Iterator[tuple[str, JsonPath]]:
        """Yield the record whose id a wire puts into the call."""
        for at, output in self.seen.draft.arguments[str(self.place[0])].placed_outputs():
            path = [part for part in output.path if not str(part).startswith(CHECK)]
            if list(at) == list(self.place[1:]) and output.step:
                yield output.step, path[:-1]

    def _alone(self) -> Iterator[tuple[str, JsonPath]]:
        """Yield the records with its key that no position tells from others."""
        for source in self.seen.sources:
            for place in source.places if source.step else ():
                path = only_items(place)
                if place.value == self.key and self.key not in path and not any(map(_is_of_this_run, path)):
                    yield str(source.step), list(path[:-1])


def described_keys_of(
    table: ResultTable, sentences: Sequence[Sentence], replaced: Replaced | None = None
) -> Iterator[Expression]:
    """Yield the key of the entry that the user describes by texts of an object in it, such as its options.

    What is said must be of the entry alone: two or more texts, or all that tells it from the entry that it replaces.

    :param table: an object of objects. :param sentences: what the user said so far.
    :param replaced: the entry that it replaces, if the call names one.
    """
    for field in table.columns if table.keys is not None else ():
        objects = table.columns[field]
        if not all(isinstance(one, dict) for one in objects) or len(objects) < FEWEST_DESCRIBED:
            continue
        old = replaced.entry.get(field, {}) if replaced else {}
        said = dict(_latest_options(objects, sentences, old))
        if len(said) >= LEAST_OPTIONS:
            yield from _described(table, field, said, said)
        kept = {option: text for option, text in old.items() if option not in said and mask(option) == option}
        if replaced and kept:
            as_before = {option: replaced.text_of(field, option) for option in kept}
            if None not in as_before.values():
                yield from _described(table, field, {**said, **kept}, {**said, **as_before})


def described_rows_of(table: ResultTable, sentences: Sequence[Sentence]) -> Iterator[Expression]:
    """Yield the rows that the user tells from others of the same name by one text of an object in them.

    "The silicone one" of two watches is what the user calls it when it is first spoken of.

    :param table: a list of objects. :param sentences: what the user said so far.
    """
    for name, values in table.shared_names.items() if table.keys is None else ():
        for shared in values:
            group = [row for row in table.rows if row[name] == shared]
            if any(_speaks_of(sentence, shared) for sentence in sentences):
                yield from _told_apart(table, group, name, sentences)


def kinds_of(table: ResultTable, sentences: Sequence[Sentence]) -> Iterator[Expression]:
    """Yield the key of the entry that the user names by its kind: "my gift card", of all payment methods.

    No other entry is of this kind, and the newest sentence that names any kind names this one only.

    :param table: an object of objects. :param sentences: what the user said so far.
    """
    for field in table.of_type("text") if table.keys is not None else ():
        kinds = table.columns[field] if is_kind(field) and field not in table.categories else []
        newest = next((one for one in reversed(sentences) if any(map(one.says, kinds))), None)
        said = [kind for kind in kinds if newest and newest.says(kind)]
        if newest and len(said) == 1 and not newest.has_criterion and mask(said[0]) == said[0]:
            node = call("key_of", entries=table.node, conditions={field: said[0]})
            yield Expression(table, node, value_of(node, table), conditions=(Condition(field, said[0]),))


def replaced_entry(value: str, table: ResultTable, seen: SeenBefore) -> Replaced | None:
    """Return the entry that a call names beside another one of the same object; ``None`` if there is not exactly one.

    :param value: the key of the entry that takes its place. :param table: an object of objects.
    :param seen: what the model had seen before the call.
    """
    entries = dict(zip(table.keys or (), table.rows, strict=False))
    named = [
        (place, leaf)
        for name, argument in seen.draft.values.items()
        for place, leaf in leaves(argument, [name])
        if isinstance(leaf, str) and leaf in entries and leaf != value
    ]
    if len(named) != 1:
        return None
    place, key = named[0]
    return Replaced(place, key, entries[key], seen)


def entries_described(value: str, seen: SeenBefore) -> Iterator[Expression]:
    """Yield the expressions for a key of the entry that the user describes.

    Of two entries in one call, the one that another tool's result has is there already: that result tells which it is.

    :param value: the key. :param seen: what the model had seen before the call.
    """
    for table in seen.tables:
        if table.keys is not None and value in table.keys:
            replaced = replaced_entry(value, table, seen)
            if replaced is None or not _is_elsewhere(value, table, seen):
                yield from described_keys_of(table, seen.said_before, replaced)


def records_described(value: str, seen: SeenBefore) -> Iterator[Expression]:
    """Yield the expressions for a field of a described row that has a value.

    :param value: the value. :param seen: what the model had seen before the call.
    """
    for table in seen.tables:
        for row in described_rows_of(table, seen.said_before):
            yield from (part_of(row, column) for column in table.of_type("text") if row.value[column] == value)


def _is_elsewhere(key: str, table: ResultTable, seen: SeenBefore) -> bool:
    """Return whether the result of another tool than the table's has a value."""
    found = seen.run.evidence.results.equal_to(key, seen.draft)
    return any(one.source.call.tool != table.source.call.tool for one in found)


def _is_of_this_run(part: str | int) -> bool:
    """Return whether a part of a path is a position, or a key that is data, such as an id."""
    return isinstance(part, int) or (not part.startswith("[") and weight(part) not in ("word", "nothing"))


def _described(table: ResultTable, field: str, texts: dict[str, str], nodes: dict[str, Any]) -> Iterator[Expression]:
    """Yield the key of the only entry with these texts; in the derivation, some of them are worked out."""
    plain = Condition(field, tuple(sorted(texts.items())), CONTAINING)
    key = value_of(call("key_of", entries=table.node, conditions={field: plain.node}), table)
    if key is not None:
        fields = dict(sorted(nodes.items()))
        node = call("key_of", entries=table.node, conditions={field: call(CONTAINING, fields=fields)})
        yield Expression(table, node, key, conditions=(plain,), alternatives=len(table.rows))


def _latest_options(
    objects: Sequence[dict[str, Any]], sentences: Sequence[Sentence], old: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield the options of which the newest sentence about one says a single text, besides that of the old entry."""
    for option, texts in _options(objects):
        said = next((found for one in reversed(sentences) if (found := _said_of(one, option, texts))), [])
        new = [text for text in said if text != old.get(option)] if len(said) > 1 else said
        if len(new) == 1 and mask(new[0]) == new[0]:
            yield option, new[0]


def _options(objects: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """Yield the options that are a text in every object, and not the same one in all."""
    for option in objects[0]:
        texts = list(dict.fromkeys(one.get(option) for one in objects))
        is_shown = mask(option) == option
        if is_shown and len(texts) > 1 and all(isinstance(text, str) for text in texts):
            yield option, [str(text) for text in texts]


def _said_of(sentence: Sentence, option: str, texts: Sequence[str]) -> list[str]:
    """Return the texts of an option that a sentence says; not "grey" where it says "space grey"."""
    if {text.casefold() for text in texts} == {YES, NO}:
        return [text for text in texts if _says_flag(sentence, option, text.casefold())]
    said = [text for text in texts if _says(sentence, option, text)]
    return [text for text in said if not any(text != longer and stands_in(text, longer) for longer in said)]


def _says_flag(sentence: Sentence, option: str, text: str) -> bool:
    """Return whether a sentence says that something is, or has, what an option is called: "waterproof", "no lid"."""
    is_negated = re.search(NEGATED + re.escape(option.casefold()), sentence.text) is not None
    return sentence.says(option) and is_negated == (text == NO)


def _says(sentence: Sentence, option: str, text: str) -> bool:
    """Return whether a sentence says a text; one that is said of anything counts beside its option's name."""
    if sentence.says(f"{option} {text}") or sentence.says(f"{text} {option}"):
        return True
    if len(text) <= SHORT_OPTION or text.casefold() in OF_ANYTHING:
        return False
    return sentence.says(text) or (" " in text and _without_name(sentence, option).says(text))


def _without_name(sentence: Sentence, option: str) -> Sentence:
    """Return a sentence without the words of an option's name: "not water resistant" is "not resistant"."""
    words = "|".join(map(re.escape, option.casefold().split()))
    return Sentence(re.sub(rf"\b(?:{words}) ", "", sentence.text))


def _speaks_of(sentence: Sentence, name: str) -> bool:
    """Return whether a sentence has a word of a name, or the end of one, alone or in the plural."""
    said = {form for word in sentence.words for form in (word, word.removesuffix("e"))}
    own = name_words(name)
    endings = (word for word in said if len(word) >= SHORTEST_ENDING)
    return not said.isdisjoint(own) or any(one.endswith(word) for word in endings for one in own)


def _told_apart(
    table: ResultTable, group: Sequence[dict[str, Any]], name: str, sentences: Sequence[Sentence]
) -> Iterator[Expression]:
    fields = [field for field in table.columns if all(isinstance(row[field], dict) for row in group)]
    for field in fields:
        for option, texts in _options([row[field] for row in group]):
            first = next((one for one in sentences if _said_of(one, option, texts)), None)
            said = sorted(_said_of(first, option, texts), key=lambda text: _position(first, text)) if first else []
            fits = [row for row in group if said and row[field][option] == said[0]]
            if first and len(fits) == 1 and not first.has_criterion and mask(said[0]) == said[0]:
                like = Condition(field, ((option, said[0]),), CONTAINING)
                rows = call("where", rows=table.node, conditions={name: group[0][name], field: like.node})
                yield Expression(table, call("only", rows=rows), fits[0], conditions=(like,))


def _position(sentence: Sentence | None, text: str) -> int:
    return sentence.text.find(text.casefold()) if sentence else 0
