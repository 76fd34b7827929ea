"""Days relative to the day of a run, and the forms in which dates are written.

A :class:`Day` can be computed for a given day, and has Jinja source that Airflow renders to the same day. The source
works on plain dates (``today``), so daylight saving time does not matter. It uses only what Airflow 3.1 and later
provide to every template: ``macros.timedelta``, ``macros.dateutil`` and the filters ``ds`` and ``ds_nodash``
(``airflow.sdk.execution_time.macros``, ``airflow.sdk.definitions._internal.templater``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from airflow_provider_vai.secrets.patterns import deferred

if TYPE_CHECKING:
    from jinja2 import Template

Unit = Literal["day", "week", "month", "quarter", "year"]
Base = Literal["", "week", "sunday_week", "quarter"]

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
RUN = "data_interval_end | default(dag_run.run_after, true)"
"""When a DAG run became due. Manual and asset-triggered runs may have no data interval, but all have ``run_after``."""

BASES: dict[Base, tuple[str, str]] = {
    "week": ("days", "today.weekday()"),
    "sunday_week": ("days", "(today.weekday() + 1) % 7"),
    "quarter": ("months", "(today.month - 1) % 3"),
}


@dataclass(frozen=True)
class Day:
    """A day relative to today.

    :param shift: keywords of ``dateutil.relativedelta.relativedelta``, in order.
    :param base: what is subtracted first: the days since the week's start, or the months since the quarter's start.
    :param name: the name for people, such as "the first day of last month".
    :param unit: the period that starts on this day; ``day`` if none does.
    """

    shift: tuple[tuple[str, int], ...] = ()
    base: Base = ""
    name: str = field(default="today", compare=False)
    unit: Unit = field(default="day", compare=False)

    def on(self, today: date) -> date:
        """Return the date if today is ``today``.

        :raises OverflowError, ValueError: the year is out of range.
        """
        from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped, unused-ignore]

        keywords: dict[str, int] = dict(self.shift)
        if self.base:
            name = BASES[self.base][0]
            since = {
                "week": today.weekday(),
                "sunday_week": (today.weekday() + 1) % 7,
                "quarter": (today.month - 1) % 3,
            }
            keywords[name] = keywords.get(name, 0) - since[self.base]
        found: date = today + relativedelta(**keywords)  # type: ignore[arg-type, unused-ignore]
        return found

    @property
    def source(self) -> str:
        """The day as a Jinja expression over ``today``."""
        if not self.shift and not self.base:
            return "today"
        keywords = {name: str(number) for name, number in self.shift}
        if self.base:
            name, since = BASES[self.base]
            keywords[name] = f"{keywords.get(name, '0')} - {since}"
            keywords = {name: keywords[name], **keywords}
        if list(keywords) == ["days"]:
            number = dict(self.shift).get("days", 0)
            if self.base:
                return f"(today + macros.timedelta(days={keywords['days']}))"
            return f"(today {'-' if number < 0 else '+'} macros.timedelta(days={abs(number)}))"
        text = ", ".join(f"{name}={value}" for name, value in keywords.items())
        return f"(today + macros.dateutil.relativedelta.relativedelta({text}))"


@dataclass(frozen=True)
class Form:
    """A written form of a day, a month or a year.

    :param name: the name of the form.
    :param pattern: finds it in a text.
    :param reads: its ``strptime`` format.
    :param expression: its Jinja expression; ``{}`` is the day.
    :param unit: the unit that it names.
    :param whole: whether it must be the whole text, because digits alone may be any number.
    """

    name: str
    pattern: re.Pattern[str]
    reads: str
    expression: str
    unit: Unit = "day"
    whole: bool = False

    def written(self, day: date) -> str:
        """Return the day in this form."""
        text = self.reads.replace("%B", MONTHS[day.month - 1])  # independent of the process's locale
        return day.strftime(text.replace("%Y", f"{day.year:04}"))


def _form(name: str, pattern: str, reads: str, expression: str, **more: Any) -> Form:
    return Form(name, deferred(rf"(?<![\w.-]){pattern}(?![\w/-]|\.\d)"), reads, expression, **more)


MONTH_NAMES = "|".join(MONTHS)
TIME = r"(?P<time>[T ](?P<hour>\d\d):(?P<minute>\d\d)(:\d\d([.,]\d+)?)?)?"
ZONE = r"(?P<zone>(?<=\d) ?(Z|UTC|[+-]\d\d:?\d\d))?"

FORMS = (
    _form("ISO day", rf"(?P<date>(19|20)\d\d-\d\d-\d\d){TIME}{ZONE}", "%Y-%m-%d", "{} | ds"),
    _form("slash day", r"(?P<date>(19|20)\d\d/\d\d/\d\d)", "%Y/%m/%d", "{}.strftime('%Y/%m/%d')"),
    _form("dotted day", r"(?P<date>\d\d\.\d\d\.(19|20)\d\d)", "%d.%m.%Y", "{}.strftime('%d.%m.%Y')"),
    _form("ISO month", r"(?P<date>(19|20)\d\d-\d\d)", "%Y-%m", "{}.strftime('%Y-%m')", unit="month"),
    _form("month name", rf"(?P<date>({MONTH_NAMES}) (19|20)\d\d)", "%B %Y", "{}.strftime('%B %Y')", unit="month"),
    _form("compact day", r"(?P<date>(19|20)\d{6})", "%Y%m%d", "{} | ds_nodash", whole=True),
    _form("compact month", r"(?P<date>(19|20)\d{4})", "%Y%m", "{}.strftime('%Y%m')", unit="month", whole=True),
    _form("year", r"(?P<date>(19|20)\d\d)", "%Y", "{}.strftime('%Y')", unit="year", whole=True),
)
LEFTOVER = deferred(rf"(?<!\d)(19|20)\d\d(?!\d)|\b({MONTH_NAMES}|[A-Z][a-z]+day)\b|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}")
"""Text that looks like a date but was not read: if it remains, only some of the text's dates would become templates."""


@dataclass(frozen=True)
class Token:
    """A date in a text.

    :param text: the date as written.
    :param start: where it starts in the text.
    :param end: where it ends, without a time of day.
    :param form: its form.
    :param day: the date; for a month or year, its first day.
    :param hour: the hour of the time of day after it, if there is one.
    :param minute: the minute of the time of day after it.
    :param offset: the UTC offset after the time: none, UTC in any spelling, or another offset.
    """

    text: str
    start: int
    end: int
    form: Form
    day: date
    hour: int | None = None
    minute: int | None = None
    offset: Literal["", "utc", "other"] = ""


def tokens(text: str) -> list[Token] | None:
    """Return the dates in a text, in order; ``None`` if part of it looks like a date in an unknown form."""
    found: list[Token] = []
    rest = text
    for form in FORMS:
        for match in form.pattern.finditer(rest):
            if form.whole and match[0] != text:
                continue
            day = _read(match["date"], form)
            if day is None:
                return None
            parts = match.groupdict()
            hour, minute = (int(parts[key]) if parts.get(key) else None for key in ("hour", "minute"))
            start, end = match.span("date")
            found.append(Token(match["date"], start, end, form, day, hour, minute, _offset(parts.get("zone"))))
            rest = rest[: match.start()] + " " * (match.end() - match.start()) + rest[match.end() :]
    return None if LEFTOVER.search(rest) else sorted(found, key=lambda token: token.start)


def _read(text: str, form: Form) -> date | None:
    reads = form.reads
    if "%B" in reads:
        name, _, rest = text.partition(" ")
        text, reads = f"{MONTHS.index(name) + 1} {rest}", reads.replace("%B", "%m")
    try:
        return datetime.strptime(text, reads).date()
    except ValueError:
        return None


def _offset(text: str | None) -> Literal["", "utc", "other"]:
    if not text:
        return ""
    return "utc" if text.strip() in ("Z", "UTC", "+00:00", "+0000", "-00:00") else "other"


@dataclass(frozen=True)
class Clock:
    """When the recording started, and the time zone of its days.

    :param now: the start time, with a time zone.
    :param zone: an IANA name or an offset in seconds; ``None`` means UTC.
    """

    now: datetime
    zone: str | int | None = None

    def today(self, *, utc: bool = False) -> date:
        """Return the day of the recording.

        :param utc: return the day in UTC, regardless of the zone.
        """
        return self.now.astimezone(timezone.utc if utc else self.tzinfo).date()

    @property
    def tzinfo(self) -> tzinfo:
        """The zone as a ``tzinfo``."""
        if isinstance(self.zone, int):
            return timezone(timedelta(seconds=self.zone))
        return ZoneInfo(self.zone) if self.zone else timezone.utc

    def source(self, *, utc: bool = False) -> str:
        """Return the Jinja line that sets ``today``. The text after it must not start with whitespace.

        ``astimezone`` would be shorter, but that of Airflow's times ignores such a zone: pendulum before 3.3, which
        Airflow 3.1 and 3.2 have.
        """
        due = f"({RUN})"
        if self.zone and not utc:
            due = f"macros.datetime.fromtimestamp({due}.timestamp(), {self.zone_source})"
        return f"{{% set today = {due}.date() -%}}\n"

    @property
    def zone_source(self) -> str:
        """The zone as a Jinja expression."""
        if isinstance(self.zone, int):
            return f"macros.dateutil.tz.tzoffset(none, {self.zone})"
        return f"macros.dateutil.tz.gettz('{self.zone}')" if self.zone else "macros.dateutil.tz.UTC"


def seconds(day: date, clock: Clock) -> str:
    """Return the start of a day in seconds since 1970, as text."""
    return str(int(datetime(day.year, day.month, day.day, tzinfo=clock.tzinfo).timestamp()))


def seconds_template(day: Day, clock: Clock) -> str:
    """Return the Jinja template that renders to :func:`seconds`."""
    begin = f"macros.datetime(day.year, day.month, day.day, tzinfo={clock.zone_source})"
    return f"{clock.source()}{{% set day = {day.source} -%}}\n{{{{ {begin}.timestamp() | int }}}}"


def rendered(template: str, now: datetime, *, interval: bool = False) -> str:
    """Render a template of this module as Airflow does in a DAG run that became due at ``now``.

    :param interval: whether the DAG run has a data interval (which ends at ``now``), or only ``run_after``.
    :raises jinja2.TemplateError: the template uses a name that is not available.
    """
    other = now + timedelta(days=400)  # a value that the template must not use
    due = {"data_interval_end": now} if interval else {}
    run = SimpleNamespace(run_after=other if interval else now)
    return _compiled(template).render(dag_run=run, **due)


@lru_cache(maxsize=64)
def _compiled(template: str) -> Template:
    import dateutil.relativedelta  # type: ignore[import-untyped, unused-ignore]
    import dateutil.tz  # type: ignore[import-untyped, unused-ignore]
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.filters = {
        "default": environment.filters["default"],
        "int": environment.filters["int"],
        "ds": lambda day: day.strftime("%Y-%m-%d"),
        "ds_nodash": lambda day: day.strftime("%Y%m%d"),
    }
    environment.globals = {"macros": SimpleNamespace(datetime=datetime, timedelta=timedelta, dateutil=dateutil)}
    return environment.from_string(template)
