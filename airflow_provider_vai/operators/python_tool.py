"""The kind ``python_tool``: calls your Python function with the recorded arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import TaskArgument, argument, as_argument, names_function
from airflow_provider_vai.operators.base import VaiOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class Function(TaskArgument):
    """The argument ``python_callable``.

    Airflow puts the name of an operator's ``python_callable`` into the serialized DAG, as ``python_callable_name``. It
    expects a function; of anything else it takes the name of the class, so that every step would have the same one.
    """

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.__qualname__ = value if isinstance(value, str) else repr(value)

    def __call__(self, context: Context, jinja_env: Any = None) -> TaskArgument:
        """Return the argument of this DAG run. Airflow calls template fields that can be called."""
        return self.resolve(context)


class PythonToolOperator(VaiOperator):
    """Calls a Python function with keyword arguments and returns its result as JSON data.

    :param python_callable: The function as ``package.module:function``. A coroutine function is awaited.
    :param arguments: The function's keyword arguments.
    :param source_sha256: SHA-256 digest of the function's source that was reviewed. Default: not checked.
    :param on_change: What happens if the source has changed: ``"warn"`` logs a warning, ``"fail"`` fails the step
        before the call. ``vai verify`` reports the change in both cases.
    """

    kind = "python_tool"
    template_fields: Sequence[str] = ("python_callable", "arguments", "source_sha256", "on_change")
    defaults = {"on_change": "warn"}  # noqa: RUF012 - never changed
    effect = "write"

    def __init__(
        self,
        *,
        python_callable: str,
        arguments: dict[str, Any] | None = None,
        source_sha256: str | None = None,
        on_change: str = "warn",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        stated = as_argument(python_callable).value
        if isinstance(stated, str) and not names_function(stated):
            raise ValueError(f"python_callable must be 'package.module:function', not {stated!r}")
        if isinstance(on_change, str) and on_change not in ("fail", "warn"):
            raise ValueError(f"on_change must be 'fail' or 'warn', not {on_change!r}")
        self.python_callable: Any = Function(stated)
        self.arguments = argument(arguments)
        self.source_sha256 = argument(source_sha256)
        self.on_change = self.stored("on_change", on_change)

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:
        """Return the operator for ``.expand(item=...)``; Airflow takes the function's name from its argument here, too.

        :param kwargs: the arguments of the operator.
        """
        function = kwargs.get("python_callable")
        return super().partial(**{**kwargs, "python_callable": Function(as_argument(function).value)})

    def perform(self, context: Context) -> Any:
        """Import the function, check it and call it. A text result that is a JSON object or array is parsed."""

        import asyncio
        import inspect

        from airflow_provider_vai.languages import json_text
        from airflow_provider_vai.operators.runtime import named_function
        from airflow_provider_vai.operators.runtime.errors import NothingSent

        function = named_function.imported(self.python_callable)
        if self.source_sha256 and (
            changed := named_function.change(function, self.python_callable, self.source_sha256)
        ):
            if self.on_change == "fail":
                raise NothingSent(changed)
            self.log.warning("%s", changed)
        arguments = self.arguments or {}
        try:
            inspect.signature(function).bind(**arguments)
        except TypeError as error:
            raise NothingSent(
                f"{self.python_callable} does not accept the arguments {sorted(arguments)}: {error}"
            ) from None
        result = function(**arguments)
        result = asyncio.run(named_function.awaited(result)) if inspect.isawaitable(result) else result
        return json_text.parsed_text(result, where="the result") if isinstance(result, str) else result

    def identity(self) -> list[Any] | None:
        """Add the digest of the function's current source, so that an approval does not carry over to a changed one."""
        import sys

        from airflow_provider_vai.languages.python_function import source_sha256

        source = source_sha256(as_argument(self.python_callable).value, sys.path)
        return [*(super().identity() or ()), source] if source else None
