"""The names of Airflow's context that a Jinja template uses."""

from __future__ import annotations

import pytest

from airflow_provider_vai.languages.template import MACROS, OUTSIDE, OWN, outside_names, syntax_problem


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
        assert callable(value)
