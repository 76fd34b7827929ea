"""The names of Airflow's context that a Jinja template uses."""

from __future__ import annotations

from datetime import tzinfo

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.languages.template import (
    CREDENTIALS,
    MACROS,
    OBJECTS,
    OUTSIDE,
    OWN,
    credential_names,
    outside_names,
    syntax_problem,
)


@pytest.mark.parametrize(
    "text",
    [
        "no template",
        "{{ ds }} and {{ logical_date.strftime('%d') }}",
        "{{ (data_interval_start - macros.timedelta(days=1)) | ds }}",
        "{{ macros.ds_add(ds, -1) }}{{ macros.datetime.now().year }}",
        "{{ macros.dateutil.relativedelta.relativedelta(months=1) }}",
        "{% set day = logical_date %}{% if day.day == 1 %}{{ day }}{% endif %}",
        "{% for day in range(3) %}{{ macros.ds_add(ds, day) }}{{ loop.index }}{% endfor %}",
        "{% raw %}{{ params.x }}{% endraw %}{# params #}{{ 'params' }}",
    ],
)
def test_dates(text: str) -> None:
    """A template with only dates, counts and plain text uses no outside names."""
    assert outside_names(text) == []
    assert syntax_problem(text) is None


@pytest.mark.parametrize("name", sorted(OUTSIDE))
def test_each_name_from_outside(name: str) -> None:
    """An outside name is found anywhere in a template."""
    for text in ("{{ %s }}", "{{ ds if %s.x else ts }}", "{%% set a = %s %%}{{ a }}", "{{ ds | default(%s['b']) }}"):
        assert outside_names(text % name) == [name]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{ anything }}", ["anything"]),
        ("{{ inlet_events }}{{ ds }}{{ conf }}", ["conf", "inlet_events"]),
        ("{% set params = params %}{{ params.x }}", ["params"]),
        ("{{ macros.uuid.os.environ.HOME }}", ["macros.uuid"]),
        ("{{ macros.dateutil.tz.tz.os }}", ["macros.dateutil"]),
        ("{{ macros['uuid'] }}", ["macros"]),
        ("{% set m = macros %}{{ m.json }}", ["macros"]),
        ("{{ macros | attr('uuid') }}{{ macros.ds_add }}", ["macros"]),
        ("{{ self._TemplateReference__context['par' ~ 'ams'] }}", ["self", "self._TemplateReference__context"]),
        ("{{ ds._x }}", ["ds._x"]),
        ("{% include '/etc/passwd' %}", ["include"]),
        ("{% import 'x' as y %}{{ y }}", ["import"]),
        ("{% macro m() %}{% endmacro %}{{ m }}", ["macro"]),
        ("{{ ds", ["{{ ds"]),
    ],
)
def test_what_is_read_from_outside(text: str, names: list[str]) -> None:
    """Unknown names, modules, files, Jinja's own objects and invalid templates are reported."""
    assert outside_names(text) == names


@pytest.mark.parametrize("text", ["{{ ds", "{{ ds | nope }}", "{% do x %}", "{{" + "(" * 5000])
def test_what_is_not_a_template(text: str) -> None:
    """Invalid syntax, an unknown filter and extreme nesting are reported."""
    assert syntax_problem(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{ conn.shop.password }}", ["conn"]),
        ("{{ conn['shop'].extra_dejson.token }}", ["conn"]),
        ("{{ conn.get('shop').get_uri() }}", ["conn"]),
        ("{{ (conn | attr('shop')).password }}", ["conn"]),
        ("{% set c = conn %}{{ c.shop.password }}", ["conn"]),
        ("{% for c in [conn] %}{{ c.shop.password }}{% endfor %}", ["conn"]),
        ("{% if conn.shop.password == 'a' %}1{% endif %}", ["conn"]),
        ("{{ var.value.api_key }}", ["var"]),
        ("{{ var.json.shop.key }}", ["var"]),
        ("{{ var.value.get('api_key', '') }}", ["var"]),
        ("{{ ti.get_template_context()['conn'].shop.password }}", ["ti.get_template_context"]),
        ("{{ task_instance.task.render_template('x', {}) }}", ["task_instance.task"]),
        ("{{ ti['task'] }}", ["ti"]),
        ("{{ ti | attr('get_template_context') }}", ["ti"]),
        ("{% set t = ti %}{{ t.get_template_context() }}", ["ti"]),
        ("{{ '{0.task.hook}'.format(ti) }}", ["ti"]),
        ("{{ [ti] | map(attribute='task.hook') | list }}", ["ti"]),
        ("{{ task.hook.get_connection('shop').password }}", ["task.hook"]),
        ("{{ dag.get_task('t').render_template('{' ~ '{ conn.a.password }' ~ '}', {}) }}", ["dag.get_task"]),
        ("{{ exception.request.headers.Authorization }}", ["exception.request"]),
        ("{{ (exception | default('')).request }}", ["exception"]),
        ("{{ BaseHook.get_connection('shop').password }}", ["BaseHook"]),
        ("{{ macros.uuid.os.environ.AIRFLOW_CONN_SHOP }}", ["macros.uuid"]),
        ("{{ self._TemplateReference__context['conn'] }}", ["self", "self._TemplateReference__context"]),
        ("{% include 'secrets.txt' %}", ["include"]),
        ("{{ conn.shop", ["{{ conn.shop"]),
    ],
)
def test_what_reads_a_credential(text: str, names: list[str]) -> None:
    """Connections, variables and whatever leads to them are reported, however they are reached."""
    assert credential_names(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "conn.shop.password",
        "{{ ds }} {{ params.conn }} {{ 'conn.shop.password' }}",
        "{% raw %}{{ conn.shop.password }}{% endraw %}{# var.value.key #}",
        "{{ ti.xcom_pull('look')['var'] }} {{ task_instance.map_index }}",
        "{{ dag.dag_id }}.{{ task.task_id }} {{ run_id }} {{ dag_run.conf['order'] }}",
        "{{ ti }}: {{ exception }}, {{ exception | string | truncate(80) }}",
        "{{ triggering_asset_events }}{{ macros.ds_add(ds, 1) }}",
        "{{ (dag_run.run_after.astimezone(macros.dateutil.tz.gettz('Asia/Tokyo'))).isoformat() }}",
        "{{ macros.dateutil.tz.UTC }} {{ macros.dateutil.tz.tzoffset(none, 3600) }}",
    ],
)
def test_what_reads_no_credential(text: str) -> None:
    """Dates, params, results, ids and the text of an error are no credentials."""
    assert credential_names(text) == []


@given(
    name=st.sampled_from(sorted(CREDENTIALS | OBJECTS.keys())),
    path=st.lists(st.sampled_from(["shop", "value", "get_template_context", "password", "extra_dejson"]), min_size=1),
    around=st.sampled_from(
        ["{{ %s }}", "{%% if %s %%}a{%% endif %%}", "{{ [%s] | join }}", "{%% set a = %s %%}{{ a }}"]
    ),
    written=st.sampled_from(["attribute", "item", "filter"]),
)
def test_no_way_of_writing_hides_a_credential(name: str, path: list[str], around: str, written: str) -> None:
    """Whatever the statement and however the attributes are written, the base of the chain is reported."""
    forms = {"attribute": "{0}.{1}", "item": "{0}['{1}']", "filter": "({0} | attr('{1}'))"}
    chain = name
    for part in path:
        chain = forms[written].format(chain, part)

    assert [found.partition(".")[0] for found in credential_names(around % chain)] == [name]


def test_every_name_of_airflows_context_is_judged() -> None:
    """Every name of Airflow's context is in one of the lists. A name that a newer version adds fails here."""
    from airflow.sdk.definitions.context import KNOWN_CONTEXT_KEYS

    assert set(KNOWN_CONTEXT_KEYS) - OWN - set(OUTSIDE) - {"macros"} == set()
    assert OWN & set(OUTSIDE) == set()


def test_every_macro_is_there() -> None:
    """Airflow has each macro that a template may use."""
    import dateutil.relativedelta  # noqa: F401
    from airflow.sdk.execution_time import macros

    for path in MACROS:
        value = macros
        for name in path.split("."):
            value = getattr(value, name)
        assert callable(value) or isinstance(value, tzinfo)
