"""Finds the names of Airflow's context that a Jinja template uses, without rendering it.

An argument that decides *what* a step does (a statement, a URL, a tool's name) may be a template of dates, but must not
contain anything that comes from outside the DAG file: see ``dev/adr/0017-names-in-templates.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment, nodes

OWN = frozenset({
    "ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz", "logical_date", "partition_date",
    "data_interval_start", "data_interval_end", "prev_data_interval_start_success", "prev_data_interval_end_success",
    "prev_start_date_success", "prev_end_date_success",
    "expanded_ti_count", "task_reschedule_count", "test_mode", "try_number",
})  # fmt: skip
"""Names of Airflow's context with dates and counts that Airflow itself sets: nobody can put text into them."""

OUTSIDE = {
    "asset_state_store": "values that tasks and API callers store",
    "conn": "connections and their passwords",
    "dag": "the DAG's params",
    "dag_run": "the configuration, id and note of whoever starts a run",
    "exception": "the text of an error",
    "inlet_events": "what the senders of asset events write",
    "inlets": "assets with what others attach to them",
    "map_index_template": "another template",
    "outlet_events": "what tasks write into asset events",
    "outlets": "assets with what others attach to them",
    "params": "values of whoever starts a run",
    "partition_key": "text of whoever starts a run or sends an asset event",
    "reason": "text of whoever changed a run's state",
    "run_id": "text of whoever starts a run",
    "task": "the task's params",
    "task_instance": "the results of tasks, and the run",
    "task_instance_key_str": "the id of a run, text of whoever starts it",
    "task_state_store": "values that tasks and API callers store",
    "templates_dict": "other templates",
    "ti": "the results of tasks, and the run",
    "triggering_asset_events": "what the senders of asset events write",
    "var": "Airflow variables, which may be secrets",
}
"""The other names of Airflow's context, with what each brings in. A name in neither list is treated like these."""

_OF_INSTANCE = frozenset({
    "dag_id", "duration", "end_date", "hostname", "map_index", "max_tries", "operator", "pool", "queue",
    "rendered_map_index", "run_id", "start_date", "state", "task_id", "try_number", "xcom_pull",
})  # fmt: skip

OBJECTS = {
    "dag": frozenset({
        "dag_display_name", "dag_id", "description", "doc_md", "owner", "params", "start_date", "tags", "timezone",
    }),
    "exception": frozenset[str](),
    "task": frozenset({"doc_md", "owner", "params", "pool", "queue", "retries", "task_display_name", "task_id"}),
    "task_instance": _OF_INSTANCE,
    "ti": _OF_INSTANCE,
}  # fmt: skip
"""The names whose values lead to Airflow's whole context (``ti.get_template_context()``), or to whatever an exception
holds, with the attributes that do not."""

CREDENTIALS = frozenset({"conn", "var"})
"""The names whose values are, or may be, credentials."""

MACROS = frozenset({
    "datetime", "datetime_diff_for_humans", "ds_add", "ds_format", "ds_format_locale", "timedelta",
    "dateutil.relativedelta.relativedelta", "dateutil.tz.UTC", "dateutil.tz.gettz", "dateutil.tz.tzoffset",
})  # fmt: skip
"""The members of Airflow's ``macros`` that a template may use: functions of dates. The others are whole modules, which
could give a template access to files and the environment (``macros.uuid.os.environ``)."""

AIRFLOW_FILTERS = ("ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz")
LOADS = ("Include", "Import", "FromImport", "Extends", "Block", "Macro", "CallBlock")
"""Statements that read other files or give access to Jinja's internals."""


def syntax_problem(text: str) -> str | None:
    """Return why a text is not a Jinja template that Airflow can parse; ``None`` if it is one."""
    found = _parsed(text)
    return found if isinstance(found, str) else None


def outside_names(text: str) -> list[str]:
    """Return what a template uses besides dates and counts, sorted: names of Airflow's context, macros, statements.

    If the list is empty, the rendered text depends only on the template, dates and counts. If the text is not a valid
    template, the list contains the text itself.
    """
    from jinja2 import meta, nodes

    tree = _parsed(text)
    if isinstance(tree, str):
        return [text]
    found = meta.find_undeclared_variables(tree) - OWN - {"macros"}
    found |= {type(node).__name__.lower() for name in LOADS for node in tree.find_all(getattr(nodes, name))}
    found |= {name.name for name in tree.find_all(nodes.Name) if name.name == "self"}  # gives access to Jinja's context
    found |= {_written(part) for part in tree.find_all(nodes.Getattr) if part.attr.startswith("_")}
    return sorted(found | set(_macros(tree)))


def credential_names(text: str) -> list[str]:
    """Return what a template uses that is a credential, or could lead to one, sorted.

    The rest of Airflow's context is data. If the text is not a valid template, the list contains the text itself.
    """
    tree = _parsed(text)
    if isinstance(tree, str):
        return [text]
    harmless = OUTSIDE.keys() - CREDENTIALS
    return sorted({name for name in outside_names(text) if name not in harmless} | set(_beyond(tree)))


def _beyond(tree: nodes.Template) -> Iterator[str]:
    """Yield each use of one of :data:`OBJECTS` that neither prints it nor reads a listed attribute."""
    from jinja2 import nodes

    read = {id(part.node): part.attr for part in tree.find_all(nodes.Getattr)}
    printed = {id(part) for output in tree.find_all(nodes.Output) for part in output.nodes}
    printed |= {id(part.node) for part in tree.find_all(nodes.Filter) if part.name == "string"}
    for name in tree.find_all(nodes.Name):
        attribute = read.get(id(name))
        if name.name not in OBJECTS or id(name) in printed or attribute in OBJECTS[name.name]:
            continue
        yield f"{name.name}.{attribute}" if attribute else name.name


def _macros(tree: nodes.Template) -> Iterator[str]:
    """Yield the members of ``macros`` that a template uses and :data:`MACROS` does not list, as ``macros.uuid``."""
    from jinja2 import nodes

    chains = [chain for part in tree.find_all(nodes.Getattr) if (chain := _written(part)).startswith("macros.")]
    known = [chain for chain in chains if chain.removeprefix("macros.") in MACROS]
    if sum(name.name == "macros" for name in tree.find_all(nodes.Name)) > len(known):
        others = {chain for chain in chains if not any(f"macros.{one}".startswith(chain) for one in MACROS)}
        others = {chain for chain in others if not any(chain.startswith(f"{one}.") for one in known)}
        yield from {".".join(chain.split(".")[:2]) for chain in others} or {"macros"}


def _written(node: nodes.Node) -> str:
    """Return a chain of attributes as written (``macros.uuid.os``); it begins with a dot if its base is not a name."""
    from jinja2 import nodes

    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else ""


def _parsed(text: str) -> nodes.Template | str:
    from jinja2 import TemplateError, meta

    environment = _environment()
    try:
        tree = environment.parse(text)
        meta.find_undeclared_variables(tree)  # reports unknown filters
    except (TemplateError, RecursionError) as error:
        return getattr(error, "message", None) or type(error).__name__
    return tree


@cache
def _environment() -> Environment:
    from jinja2 import Environment

    environment = Environment(autoescape=True)
    environment.filters.update(dict.fromkeys(AIRFLOW_FILTERS, str))
    return environment
