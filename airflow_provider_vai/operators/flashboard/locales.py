"""How a page writes numbers and dates: the same tables as the charts have, which are those of d3."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast


@dataclass(frozen=True)
class Locale:
    """A way to write numbers and dates.

    :param config: Vega-Lite's ``config.locale``; empty: the default, which is English.
    """

    config: dict[str, Any] = field(default_factory=dict)

    def number(self, value: float, form: str | None) -> str:
        """Return a number as text.

        :param value: the number.
        :param form: its format, such as ``,.2f``; ``None``: all its digits, without separators of thousands.
        """
        # Python's "d" does not accept a float, while d3 rounds it
        form = form.replace("d", ".0f") if form and isinstance(value, float) else form
        plain = format(value, form) if form else str(value)
        if not self.config:
            return plain
        known = self.config["number"]
        sign, digits = (known.get("minus", "-"), plain[1:]) if plain.startswith("-") else ("", plain)
        whole, point, rest = digits.replace(",", "").partition(".")
        if form and "," in form:
            whole = _grouped(whole, known.get("grouping") or [3], known.get("thousands", ","))
        rest = rest.replace("%", known.get("percent", "%"))
        written = f"{sign}{whole}{known.get('decimal', '.') if point else ''}{rest}"
        return written.translate({ord(str(digit)): own for digit, own in enumerate(known.get("numerals") or ())})


ENGLISH = Locale()


def locale(name: str | None) -> Locale:
    """Return a locale by its name.

    :param name: such as ``de-DE``; ``None``: the default.
    :raises ValueError: there is no such locale.
    :raises ImportError: the library that has the locales is not installed.
    """
    if name is None:
        return ENGLISH
    import vl_convert

    try:
        numbers = vl_convert.get_format_locale(cast(Any, name))
    except ValueError:
        raise ValueError(f"locale: {name[:40]!r} is not known; examples: de-DE, en-GB, fr-FR, ja-JP, pt-BR") from None
    try:
        times = {"time": vl_convert.get_time_format_locale(cast(Any, name))}
    except ValueError:  # there are fewer of them
        times = {}
    return Locale({"number": numbers, **times})


def _grouped(digits: str, sizes: list[int], separator: str) -> str:
    """Return digits in groups from the right; the last size repeats. What is no digit, such as ``inf``, stays."""
    if not digits.isdigit():
        return digits
    groups, number = [], 0
    while digits:
        size = sizes[number % len(sizes)] if sizes else 3
        groups.append(digits[-size:])
        digits, number = digits[:-size], number + 1
    return separator.join(reversed(groups))
