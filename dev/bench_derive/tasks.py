"""The tasks of which programs are made: each adds the user's sentence and the calls of the scripted agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench_derive.building import Program
from bench_derive.data import Data, Row
from bench_derive.domains import said
from bench_derive.wordings import WORDINGS
from bench_derive.written import amount, rounded, signed

Task = Callable[[Program], None]


def ask(program: Program, task: str, **slots: Any) -> None:
    """Add the user's sentence for a task, in one of its wordings."""
    domain = program.domain
    one, many = domain.noun[program.language]
    known = {
        "one": one,
        "many": many,
        "amount": said(domain.amount[0]),
        "unit": domain.amount[1],
        "number": said(domain.number),
        "date": said(domain.date),
        "person": said(domain.person),
        "series": said(domain.series),
    }
    wording = program.dice.choice(WORDINGS[task][program.language])
    program.prompts.append(wording.format(**known, **slots))


def figures(program: Program) -> None:
    """Total, mean, extremes and the count of a filter, as the figures of a report."""
    field, state, (value, values) = program.domain.amount[0], program.domain.state[0], _state(program)
    ask(program, "figures", state=values)
    program.list_once()

    def made(data: Data) -> dict[str, Any]:
        amounts = [row[field] for row in data.rows]
        sums = {"total": data.total(), "average": rounded(data.total() / len(amounts), 2)}
        found = {**sums, "highest": max(amounts), "lowest": min(amounts), "count": len(data.where(state, value))}
        return _report(f"{said(program.domain.many).title()} figures", found)

    names = {"total": "total", "average": "mean", "highest": "maximum", "lowest": "minimum"}
    classes = {("figures", key): name for key, name in names.items()}
    program.call("create_report", made, None, {**classes, ("figures", "count"): "count of a filter"})


def series(program: Program) -> None:
    """The change of a monthly series in a sentence, and its difference."""
    name = program.domain.series
    ask(program, "series")
    program.call(f"monthly_{name}", lambda data: {}, lambda data: {"months": data.series})
    prefix = program.dice.choice((f"{said(name).title()} went", f"Half-year change of {said(name)}:"))

    def text(data: Data) -> dict[str, Any]:
        first, last = data.series[0][name], data.series[-1][name]
        return _message(f"{prefix} {signed(100 * (last - first) / first)} to {last:,}.")

    def gap(data: Data) -> dict[str, Any]:
        return _report(f"{said(name).title()}", {"difference": data.series[-1][name] - data.series[0][name]})

    program.call("post_message", text, None, {("text",): "sentence with a change"})
    program.call("create_report", gap, None, {("figures", "difference"): "difference"})


def share(program: Program) -> None:
    """The share of a group in the amount: in a sentence, and as a figure."""
    domain = program.domain
    group = program.dice.choice(_kept_values(program, domain.group[0]))
    ask(program, "share", group=said(group))
    program.list_once()
    digits, style = program.dice.choice((0, 1)), program.dice.choice(("1,234", "1234.5"))

    def part(data: Data) -> float:
        return 100 * data.total(data.where(domain.group[0], group)) / data.total()

    def text(data: Data) -> dict[str, Any]:
        found = f"{rounded(part(data), digits):.{digits}f}%"
        return _message(f"{group}: {found} of {domain.amount[1]} {amount(data.total(), style)}.")

    program.call("post_message", text, None, {("text",): "sentence with a percentage"})
    figure = {("figures", "share"): "share in per cent"}
    program.call("create_report", lambda data: _report("Share", {"share": rounded(part(data), 1)}), None, figure)


def pick(program: Program) -> None:
    """The record with the largest amount, and its person."""
    ask(program, "pick")
    program.list_once()
    _read_largest(program)
    key = f"{program.domain.person}_id"
    program.call(
        f"get_{program.domain.person}",
        lambda data: {key: _largest(data)[key]},
        lambda data: {key: _largest(data)[key], "room": f"{ord(_largest(data)[key][-1]) % 9}-12"},
        {(key,): "one place of a result"},
    )


def same(program: Program) -> None:
    """The record with the largest amount, and its notes by the same id."""
    ask(program, "same")
    program.list_once()
    _read_largest(program)
    program.read("_notes", _largest, f"{_tie(program)}same value as an earlier argument", _note_of(_largest))


def pick_filter(program: Program) -> None:
    """The record with the smallest amount of those in a state."""
    (value, word), domain = _state(program), program.domain
    ask(program, "pick_filter", state=word)
    program.list_once()

    def least(data: Data) -> Row:
        return data.best(domain.amount[0], is_largest=False, rows=data.where(domain.state[0], value))

    program.read("", least, "record by a filter and a criterion (read)", least)


def pick_write(program: Program) -> None:
    """A write to the record with the latest date."""
    domain = program.domain
    ask(program, "pick_write")
    program.list_once()
    key = domain.key[0]
    program.call(
        f"update_{domain.one}",
        lambda data: {key: data.best(domain.date)[key], "mark": "seen"},
        None,
        {(key,): "record by a criterion (write)"},
    )


def named(program: Program) -> None:
    """A record that the user names."""
    name = _name(program)
    ask(program, "named", name=name)
    program.list_once()
    program.read("", lambda data: data.named(name), "record that the user named", lambda data: data.named(name))


def link(program: Program) -> None:
    """The address inside the notes of a named record."""
    name = _name(program)
    ask(program, "link", name=name)
    program.list_once()
    row = _named(name)
    program.read("_notes", row, "record that the user named", lambda data: data.notes[name])
    opened = {("url",): "address inside a text"}
    program.call("open_link", lambda data: {"url": data.links[name]}, lambda data: {"pages": 3}, opened)


def own_key(program: Program) -> None:
    """The key of the largest line of a named record."""
    name = _name(program)
    ask(program, "own_key", name=name)
    program.list_once()
    program.read("_lines", _named(name), "record that the user named", lambda data: {"lines": data.lines[name]})

    def largest(data: Data) -> dict[str, Any]:
        lines = data.lines[name]
        return {"line_id": max(lines, key=lambda key: lines[key]["units"]), "mark": "checked"}

    program.call("update_line", largest, None, {("line_id",): "record's own key (write)"})


def export_equal(program: Program) -> None:
    """The ids of the records in a state."""
    (value, word), domain = _state(program), program.domain
    ask(program, "export_equal", state=word)
    _export(program, lambda data: data.where(domain.state[0], value), "list: filtered by equality")


def export_over(program: Program) -> None:
    """The ids of the records above a limit."""
    field = program.domain.amount[0]
    limit = _limit(program)
    ask(program, "export_over", limit=limit)

    def above(data: Data) -> list[Row]:
        return [row for row in data.rows if row[field] > limit]

    _export(program, above, "list: filtered by comparison")


def batch(program: Program) -> None:
    """Every record with some of its fields."""
    domain = program.domain
    ask(program, "batch")
    program.list_once()
    renamed = program.dice.choice((domain.key[0], domain.key[0], "ref"))

    def items(data: Data) -> dict[str, Any]:
        return {"items": [{renamed: row[domain.key[0]], domain.number: row[domain.number]} for row in data.rows]}

    program.call("create_batch", items, None, {("items",): "list: projection"})


def joined(program: Program) -> None:
    """The names of the records in a state, in one text."""
    (value, word), domain = _state(program), program.domain
    ask(program, "joined", state=word)
    program.list_once()
    separator = program.dice.choice((", ", "; ", " / "))

    def text(data: Data) -> dict[str, Any]:
        rows = data.where(domain.state[0], value)
        return _message(f"{word.capitalize()}: {separator.join(row[domain.name[0]] for row in rows)}")

    program.call("post_message", text, None, {("text",): "joined list in a text"})


def sentence(program: Program) -> None:
    """A sentence with a count, a total and the leader."""
    domain, style = program.domain, program.dice.choice(("1,234", "1234.5", "1,234.50", "1.234,50"))
    ask(program, "sentence")
    program.list_once()
    field, name, unit = domain.amount[0], domain.name[0], domain.amount[1]
    pattern = program.dice.choice((
        "{n} {many} come to {total} {unit}. {leader} leads with {most} {unit}.",
        "Total {amount}: {unit} {total} over {n} {many}; highest is {leader} ({unit} {most}).",
    ))  # fmt: skip
    fixed = {"many": said(domain.many), "amount": said(field), "unit": unit}

    def text(data: Data) -> dict[str, Any]:
        best = _largest(data)
        figures_ = {"total": amount(data.total(), style), "most": amount(best[field], style)}
        return _message(pattern.format(n=len(data.rows), leader=best[name], **figures_, **fixed))

    program.call("post_message", text, None, {("text",): f"{_tie(program)}sentence with slots"})


def best(program: Program) -> None:
    """The best of several calls' answers, in a text."""
    names = _names(program, 4)
    ask(program, "best", names=", ".join(names))
    program.list_once()
    for name in names:
        program.read("_score", _named(name), "record that the user named", _score_of(program, name))

    def text(data: Data) -> dict[str, Any]:
        leader = max(names, key=lambda name: data.scores[name])
        return _message(f"{leader} has the best score: {data.scores[leader]}.")

    program.call("post_message", text, None, {("text",): "best of several calls, in a text"})


def _score_of(program: Program, name: str) -> Callable[[Data], dict[str, Any]]:
    domain = program.domain
    return lambda data: {
        domain.key[0]: data.named(name)[domain.key[0]],
        domain.name[0]: name,
        "score": data.scores[name],
    }


def _note_of(row: Callable[[Data], Row]) -> Callable[[Data], str]:
    return lambda data: data.notes[row(data)[data.domain.name[0]]]


def _named(name: str) -> Callable[[Data], Row]:
    return lambda data: data.named(name)


def _largest(data: Data) -> Row:
    return data.best(data.domain.amount[0])


def _read_largest(program: Program) -> None:
    program.read("", _largest, f"{_tie(program)}record by a criterion (read)", _largest)


def _export(program: Program, rows: Callable[[Data], list[Row]], class_: str) -> None:
    program.list_once()
    key = program.domain.key[0]
    program.call("start_export", lambda data: {"ids": [row[key] for row in rows(data)]}, None, {("ids",): class_})


def _tie(program: Program) -> str:
    return "tie: " if "tie" in program.traits else ""


def _state(program: Program) -> tuple[str, str]:
    """Return a state that records have in every version, and how the user says it."""
    value = program.dice.choice(_kept_values(program, program.domain.state[0]))
    return value, said(value)


def _kept_values(program: Program, field: str) -> list[str]:
    found = [{row[field] for row in data.rows} for data in program.versions]
    return sorted(set.intersection(*found))


def _names(program: Program, count: int) -> list[str]:
    field = program.domain.name[0]
    found = set.intersection(*({row[field] for row in data.rows} for data in program.versions))
    return program.dice.sample(sorted(found), count)


def _name(program: Program) -> str:
    """Return a name to ask for; where it is a trap, that of the record with the largest amount."""
    names = _names(program, 6)
    largest = _largest(program.versions[0])[program.domain.name[0]]
    return largest if "named is largest" in program.traits and largest in names else names[0]


def _limit(program: Program) -> int:
    """Return a limit that some records exceed in every version, and some do not."""
    field = program.domain.amount[0]
    columns = [sorted(row[field] for row in data.rows) for data in program.versions]
    low, high = max(column[1] for column in columns), min(column[-2] for column in columns)
    return round((low + high) / 2)


def _report(title: str, found: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "summary": "Made from the current list.", "figures": found}


def _message(text: str) -> dict[str, Any]:
    return {"channel": "desk", "text": text}


TASKS: dict[str, Task] = {
    task.__name__: task
    for task in (
        *(figures, series, share, pick, same, pick_filter, pick_write, named, link, own_key, export_equal),
        *(export_over, batch, joined, sentence, best),
    )
}
"""The tasks that work something out, but those of :mod:`~bench_derive.more_tasks`."""
