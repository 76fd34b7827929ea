"""Who wrote the texts of a step."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.authoring.editing.steps import set_argument
from airflow_provider_vai.model.authors import authors
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.run import Turn
from tests.unit.support import call, crystallized, run

SEND = {"match": "send", "kind": "python_tool", "callable": "m:send"}
LOOK = {"match": "look", "kind": "python_tool", "callable": "m:look", "effect": "read"}
SAID = [Turn(index=0, user_text="Write to ada@example.com about order ORD-77123.")]


def sent(arguments: Any, *before: Any, **more: Any) -> Automation:
    """Return the automation of a run that sends these arguments; no value becomes a wire or a param."""
    return crystallized(run(*before, call("send", arguments), turns=SAID, **more), SEND, LOOK)


def of(automation: Automation) -> dict[str, Any]:
    """Return the authors of the texts of the last step."""
    return authors(automation.steps[-1])


def test_each_text_has_its_author() -> None:
    """The parts of one argument may have several authors; numbers and credentials have none."""
    found = of(
        sent({"text": "Revenue rose by 12 percent", "code": "Zw-9918-Kp", "n": 12, "sign": "The Sales Robot"},
             system_text="Sign as The Sales Robot.")
    )  # fmt: skip

    assert found["model"] == [["arguments", "text"], ["arguments", "code"]]
    assert found["system"] == [["arguments", "sign"]]
    assert ["python_callable"] in found["constant"]


def test_parts_with_one_author_are_one_place() -> None:
    """The list stays readable: a whole argument of the model is one place."""
    found = of(sent({"rows": [{"a": f"cell {number} of the model"} for number in range(50)], "b": {"c": "Qx-7781"}}))

    assert found["model"] == [["arguments"]]


def test_what_is_not_traced_has_no_author() -> None:
    """Only the first values of a long argument are traced; nobody is named for the others."""
    rows = [f"a cell {number}" for number in range(300)]
    found = of(sent({"rows": rows}))

    assert ["arguments"] not in found["model"]
    assert ["arguments", "rows", 199] in found["model"]
    assert ["arguments", "rows", 200] not in found["model"]


def test_an_edit_has_its_own_author() -> None:
    """The other texts of the argument keep theirs."""
    automation = sent({"text": "Revenue rose by 12 percent", "code": "Zw-9918-Kp"})
    edited = set_argument(automation, "send", "arguments.text", "Revenue fell by a third")

    assert of(automation)["model"] == [["arguments"]]
    assert of(edited)["user"] == [["arguments", "text"]]
    assert of(edited)["model"] == [["arguments", "code"]]


def test_an_edit_of_a_part_covers_what_was_inside() -> None:
    """A value that replaces several texts is the editor's as a whole."""
    automation = sent({"a": {"b": "Zw-9918-Kp", "c": "The Sales Robot"}}, system_text="Sign as The Sales Robot.")
    edited = set_argument(automation, "send", "arguments.a", {"b": "Hello", "c": "World"})

    assert of(automation)["system"] == [["arguments", "a", "c"]]
    assert of(edited)["user"] == [["arguments"]]


def test_an_edit_of_an_untraced_part_claims_only_that_part() -> None:
    """An older sidecar does not know who wrote the other texts of the argument, and no edit tells."""
    automation = sent({"text": "Revenue rose by 12 percent", "code": "Zw-9918-Kp"})
    step = automation.steps[-1]
    arguments = {name: argument.model_copy(update={"origins": []}) for name, argument in step.arguments.items()}
    older = step.model_copy(update={"arguments": arguments, "model_words": []})
    edited = set_argument(
        automation.model_copy(update={"steps": [*automation.steps[:-1], older]}), "send", "arguments.text", "Hello"
    )

    assert of(edited) == {"user": [["arguments", "text"]]}
