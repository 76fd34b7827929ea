"""Parsing a DAG file piece by piece gives the same statements as parsing it whole, or an error."""

from __future__ import annotations

import ast

import pytest

from airflow_provider_vai.renderer import file_parts
from airflow_provider_vai.renderer.file_parts import parsed_in_pieces

HEAD = '"""Doc."""\n\nfrom airflow.sdk import DAG\n\nwith DAG(\n    dag_id="x",\n):\n'
BLOCKS = {
    "tasks": "    # why\n    a = Look(x=1)\n    b = Look(\n        y=[\n            2\n        ]\n    )\n",
    "tasks and edges": "    a = Look()\n\n    b = Look()\n\n    a >> b\n",
    "text of several lines": '    a = Look(\n        sql="""\\\nselect\n  1""",\n    )\n    a\n',
    "comment at the end": "    a\n    # that was all\n",
    "block in a block": "    if a:\n        b\n    c\n",
}
NOT_IN_PIECES = {
    "a line of a text that looks like a statement": '    a = Look(\n        sql="""\\\n    b = 1\n    """,\n    )\n',
    "else": "    if a:\n        b\n    else:\n        c\n",
    "a statement outside": "    a\nb\n",
    "an else outside": "    a\nelse:\n    b\n",
    "a line that goes on": "    a = 1 + \\\n    2\n",
    "a statement before": "  a\n    b\n",
    "no line end": "    a",
}  # fmt: skip


def _assert_the_whole(block: str) -> None:
    parsed, whole = parsed_in_pieces(HEAD + block), ast.parse(HEAD + block)
    dag = whole.body[-1]
    assert isinstance(dag, ast.With)
    assert [ast.dump(one) for one in parsed.head[:-1]] == [ast.dump(one) for one in whole.body[:-1]]
    assert [ast.dump(one) for one in parsed.body] == [ast.dump(one) for one in dag.body]


@pytest.mark.parametrize("at_once", [1, 2, file_parts.AT_ONCE])
@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_pieces_are_the_whole(block: str, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statements are the same as those of the whole file, in the same order."""
    monkeypatch.setattr(file_parts, "AT_ONCE", at_once)
    _assert_the_whole(block)


def test_every_piece_is_read() -> None:
    """A block of more statements than are parsed at once is read to its end."""
    for count in range(1, 4 * file_parts.AT_ONCE):
        _assert_the_whole("".join(f"    task_{number} = Look(\n        x=1,\n    )\n" for number in range(count)))


@pytest.mark.parametrize("block", NOT_IN_PIECES.values(), ids=NOT_IN_PIECES)
def test_what_cannot_be_cut(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A split inside a statement is an error; the audit then parses the file as a whole."""
    monkeypatch.setattr(file_parts, "AT_ONCE", 1)
    with pytest.raises(SyntaxError):
        list(parsed_in_pieces(HEAD + block).body)


@pytest.mark.parametrize("block", NOT_IN_PIECES.values(), ids=NOT_IN_PIECES)
@pytest.mark.parametrize("before", [0, 1, file_parts.AT_ONCE - 1, file_parts.AT_ONCE])
def test_nothing_is_read_wrongly(block: str, before: int) -> None:
    """What is hard to cut is an error or read as in the whole file, wherever in a piece it is."""
    text = "    task\n" * before + block
    try:
        list(parsed_in_pieces(HEAD + text).body)
    except SyntaxError:
        return
    _assert_the_whole(text)


def test_another_file() -> None:
    """A text that does not look like a DAG file is refused."""
    with pytest.raises(SyntaxError, match="form"):
        parsed_in_pieces("x = 1\n")
