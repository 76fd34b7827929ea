"""The audit refuses a file that contains anything other than its automation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.renderer import render as renderer
from airflow_provider_vai.renderer.audit import Expected, audit
from tests.unit.support import call, crystallized, run

AUTOMATION = crystallized(
    run(
        call("find", {"q": 1, "on": True, "k": {"a": 1, "b": 2.0}}, "record 4711"),
        call("send", {"id": "record 4711"}, approval="approved"),
        call("drop", {}, approval="approved"),
        title="Three",
    ),
    gates="recorded",
)


def audited(automation: Automation) -> tuple[str, Expected]:
    """Return what the renderer passes to the audit: the text and the expected content."""
    handed: list[tuple[str, Expected]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renderer, "audit", lambda text, expected: handed.append((text, expected)))
        renderer.render(automation)
    return handed[0]


TEXT, EXPECTED = audited(AUTOMATION)
WITH, EDGES = "\nwith DAG(", "    find >> approve_send >> send >> approve_drop >> drop\n"
IMPORT = "from airflow_provider_vai.sensors.approval import ApprovalGateSensor\n"
ARGUMENTS = 'arguments={"q": 1, "on": True, "k": {"a": 1, "b": 2.0}}'
TAMPERED = {
    # statements
    "import": (WITH, f"\nimport os{WITH}"),
    "import from elsewhere": (WITH, f"\nfrom os import system{WITH}"),
    "import of a name that looks ours": (WITH, f"\nfrom airflow_provider_vai_x import system{WITH}"),
    "relative import": (WITH, f"\nfrom .datetime import system{WITH}"),
    "import of a name that no task needs": (IMPORT, f"{IMPORT}from airflow.sdk import Variable\n"),
    "import under another name": (
        IMPORT, f"{IMPORT}from airflow_provider_vai.sensors.approval import ApprovalGateSensor as McpToolOperator\n",
    ),
    "import from another module": (
        "from airflow_provider_vai.operators.mcp_tool import", "from airflow_provider_vai.operators.python_tool import",
    ),
    "import in the DAG": (EDGES, f"    import os\n{EDGES}"),
    "assignment before the DAG": (WITH, f"\nx = 1{WITH}"),
    "call before the DAG": (WITH, f'\nDAG(dag_id="other"){WITH}'),
    "call after the DAG": (EDGES, f'{EDGES}\nDAG(dag_id="other")\n'),
    "call in the DAG": (EDGES, f'    McpToolOperator(task_id="other")\n{EDGES}'),
    "call of a builtin": (EDGES, f'    print("x")\n{EDGES}'),
    "call of eval": ('dag_id="vai_three"', 'dag_id=eval("1")'),
    "call of a method": (EDGES, f'    find.execute("x")\n{EDGES}'),
    "call of a call": (EDGES, f'    DAG("x")("y")\n{EDGES}'),
    "second DAG": (EDGES, f'{EDGES}\nwith DAG(dag_id="other"):\n    find\n'),
    "DAG inside the DAG": (EDGES, f'    with DAG(dag_id="other"):\n        find\n{EDGES}'),
    "second context manager": ("):\n    # live", '), DAG(dag_id="other"):\n    # live'),
    "name for the DAG": ("):\n    # live", ") as wired:\n    # live"),
    "assignment of a constant": (EDGES, f"    drop = 1\n{EDGES}"),
    "assignment of a name": (EDGES, f"    McpToolOperator = find\n{EDGES}"),
    "second name for a task": ("    find = Mcp", "    wired = find = Mcp"),
    "task assigned twice": (EDGES, f'    drop = McpToolOperator(task_id="drop")\n{EDGES}'),
    "loop": (EDGES, f"    for x in [1]:\n        find\n{EDGES}"),
    "condition": (EDGES, f"    if True:\n    {EDGES}"),
    "function": (WITH, f"\ndef f():\n    pass{WITH}"),
    "class": (WITH, f"\nclass C:\n    pass{WITH}"),
    "f-string": ('"Three"', 'f"Three"'),
    "lambda": ('"Three"', "lambda: 1"),
    "comprehension": ('tags=["vai", "crystallized"]', 'tags=[x for x in ["vai"]]'),
    "starred dict": (ARGUMENTS, f"{ARGUMENTS[:-2]}, **find}}}}"),
    "keywords from a dict": ('tool="find"', '**{"tool": "find"}'),
    "sum of texts": ('"Three"', '"Th" + "ree"'),
    "attribute": ('"Three"', "find.task_id"),
    "no Python": (EDGES, "    find >>\n"),
    "NUL": ('"Three"', '"Three\0"'),
    # values
    "changed text": ('description="Three"', 'description="Three "'),
    "changed number": ('"q": 1', '"q": 2'),
    "integer to float": ('"q": 1', '"q": 1.0'),
    "flag to number": ('"on": True', '"on": 1'),
    "number to flag": ('"q": 1', '"q": True'),
    "order of keys": ('{"a": 1, "b": 2.0}', '{"b": 2.0, "a": 1}'),
    "key twice": ('{"a": 1, "b": 2.0}', '{"a": 0, "a": 1, "b": 2.0}'),
    "missing key": ('{"a": 1, "b": 2.0}', '{"a": 1}'),
    "list to dict": ('["vai", "crystallized"]', '{"vai": "crystallized"}'),
    "frozen to template": ('tool="find"', 'tool=wired("find")'),
    "wire to another task": ("wired(find)", "wired(approve_send)"),
    "wire to a part": ("wired(find)", 'wired(find, "rows")'),
    "wire frozen": ("wired(find)", '"find"'),
    "argument left out": ('        conn_id="mcp",\n        tool="find",\n', '        tool="find",\n'),
    "argument added": ('        tool="find",\n', '        tool="find",\n        retries=3,\n'),
    "argument by position": ('dag_id="vai_three",', '"vai_three",'),
    "other task id": ('task_id="find"', 'task_id="send"'),
    "other operator": ("find = McpToolOperator(", "find = ApprovalGateSensor("),
    "schedule": ("schedule=None", 'schedule="@daily"'),
    "not paused": ("is_paused_upon_creation=True", "is_paused_upon_creation=False"),
    "catchup": ("catchup=False", "catchup=True"),
    "several runs at once": ("max_active_runs=1", "max_active_runs=9"),
    "start date": ("start_date=datetime(2025, 1, 1, tzinfo=timezone.utc)", 'start_date=template("2025")'),
    # order
    "no edges": (EDGES, ""),
    "edge left out": (EDGES, "    find >> approve_send >> send >> approve_drop\n"),
    "edge turned": (EDGES, EDGES.replace("approve_drop >> drop", "drop >> approve_drop")),
    "edge around a gate": (EDGES, f"{EDGES}    find >> send\n"),
    "side by side": (EDGES, "    find >> [approve_send, send] >> approve_drop >> drop\n"),
    "edges in another call": (EDGES, "    wired(find, approve_send, send, approve_drop, drop)\n"),
    "gate left out": ("        gate=approve_drop,\n", ""),
    "other gate": ("gate=approve_drop", "gate=approve_send"),
    "gate by text": ("gate=approve_drop", 'gate="approve_send"'),
    "gate where none was": ('        tool="find",\n', '        tool="find",\n        gate=approve_send,\n'),
    "gate that is none": ("gate=approve_drop", "gate=None"),
}  # fmt: skip


def test_the_file_itself_passes() -> None:
    """The rendered text passes the audit, and each alteration below really changes it."""
    audit(TEXT, EXPECTED)
    assert [name for name, (old, new) in TAMPERED.items() if TEXT.count(old) < 1 or old == new] == []


@pytest.mark.parametrize(("old", "new"), TAMPERED.values(), ids=TAMPERED)
def test_tampered_files_are_refused(old: str, new: str) -> None:
    """An extra statement, import or call and a changed value, edge, operator or gate are refused."""
    with pytest.raises(RenderError):
        audit(TEXT.replace(old, new, 1), EXPECTED)


def test_other_forms_of_the_same_pass() -> None:
    """Differences in form are accepted: comments, quotes, chain() instead of an edge line, lists with one element."""
    text = TEXT.replace('"Three"', "'Three'").replace("    # live", "    # other\n    # live")
    audit(text.replace("find >> approve_send", "[find] >> approve_send"), EXPECTED)
    called = "    chain(find, approve_send, send, approve_drop, drop)\n"
    with_chain = replace(EXPECTED, imports=EXPECTED.imports | {("airflow.sdk", "chain")})
    audit(TEXT.replace("import DAG", "import DAG, chain").replace(EDGES, called), with_chain)


def test_a_name_that_no_dag_file_may_import_is_refused_even_if_the_spec_has_it() -> None:
    """The audit has a list of its own: what the renderer expects does not count."""
    text = TEXT.replace(WITH, f"\nfrom subprocess import getoutput{WITH}")
    expected = replace(EXPECTED, imports={*EXPECTED.imports, ("subprocess", "getoutput")})

    with pytest.raises(RenderError, match=r"imports subprocess\.getoutput, which a DAG file must not import"):
        audit(text, expected)
