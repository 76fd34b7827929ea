"""A mutation in a GraphQL document is found, and other texts are none."""

from __future__ import annotations

import pytest

from airflow_provider_vai.languages.graphql_text import has_mutation


@pytest.mark.parametrize(
    "text",
    [
        "mutation { pay }",
        "  mutation Pay($to: ID! = {a: 1}) @live { pay(to: $to) { id } }",
        "# a comment { \nmutation{pay}",
        ",,mutation\nPay\n{pay}",
        "query Look { a }\nmutation Pay { pay }",
        "{ a { b } } mutation { pay }",
        'query A($x: S = "}{") { a(s: """ } \\""" """) } mutation B { b }',
        "fragment query on T { a } mutation { pay }",
        "\ufeffmutation { pay }",
    ],
)
def test_mutations_are_found(text: str) -> None:
    """Wherever the operation is in the document, and however it is written."""
    assert has_mutation(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{ mutation }",
        "query mutation { a }",
        "query { mutation { a } }",
        "query Q($mutation: ID) { a }",
        "fragment mutation on T { a }",
        "# mutation { pay }\n{ a }",
        '{ a(text: "mutation { pay }") }',
        '{ a(text: """mutation { pay }""") }',
        "subscription { a }",
        "mutation rates of mice",
        "mutations { a }",
        '"unclosed mutation { pay }',
    ],
)
def test_other_texts_are_none(text: str) -> None:
    """Names, comments and strings do not count, and a text without a selection set is not a document."""
    assert not has_mutation(text)
