"""The inbox: the questions of gates that wait for an answer, their answers, and what was decided before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Annotated, Any
from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.exceptions import UnusablePath
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.operators.runtime.instance import region_query
from airflow_provider_vai.plugin.api import open_questions
from airflow_provider_vai.plugin.api.access import READ_QUESTIONS, changing, is_name, reading
from airflow_provider_vai.plugin.api.answers import OPTIONS, Place, answer, field_of
from airflow_provider_vai.plugin.api.open_questions import Found, OpenQuestion, QuestionFilter
from airflow_provider_vai.plugin.api.parameters import DagId, Offset
from airflow_provider_vai.plugin.api.problems import Problem, described
from airflow_provider_vai.plugin.api.task_places import query_of
from airflow_provider_vai.plugin.pages.forms import Form, PageForm, is_editable, new_key
from airflow_provider_vai.plugin.pages.frame import ROOT, page, path_of
from airflow_provider_vai.plugin.pages.sending import carried_out
from airflow_provider_vai.plugin.routes.approvals import DecisionPage, decisions
from airflow_provider_vai.sensors import approval_blocks, approval_form

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)

GATES = 10
"""Gates on one page; each has all its questions together."""

QUESTIONS = 25
"""Questions of one gate that a page shows; Airflow's own page has the rest."""

DECISIONS = 20
GIST_CHARACTERS = 140
EDIT = "edit."
"""The start of the names of a form's fields with values of the question."""


@dataclass(frozen=True)
class ShownField:
    """A value that the approver may change, as a field of a form.

    :param name: the field of the question. :param text: its value as a person types it; ``None``: it is not shown.
    """

    name: str
    text: str | None
    field: approval_form.Field

    @property
    def title(self) -> str:
        """Its name for people."""
        return str(self.field.schema.get("title") or self.name)

    @property
    def choices(self) -> list[str]:
        """The values to choose from, as a person would type them; empty if there are no fixed ones."""
        values = self.field.schema.get("enum")
        if self.field.schema.get("type") == "boolean":
            values = [True, False]
        return [approval_form.as_typed(value) for value in values] if isinstance(values, list) else []

    @property
    def is_text(self) -> bool:
        """Whether what a person types is a text, and not JSON."""
        return approval_form.is_text(self.field)

    @property
    def is_number(self) -> bool:
        """Whether it is a number that a browser's own number field can show exactly."""
        kind, value = self.field.schema.get("type"), self.field.value
        return kind in ("integer", "number") and isinstance(value, (int, float)) and abs(value) <= 2**53

    def limit(self, name: str) -> str | None:
        """Return a limit of the schema, such as ``minimum``, if it is a number."""
        value = self.field.schema.get(name)
        return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


@dataclass(frozen=True)
class ShownQuestion:
    """A question as a card shows it.

    :param asked: the question. :param parts: its text. :param fields: the values that the approver may change.
    """

    asked: OpenQuestion
    parts: approval_blocks.QuestionBlocks
    fields: list[ShownField]

    @property
    def stamp(self) -> str:
        """What a form sends back to say which question it answers."""
        in_round = f" {self.asked.round}" if self.asked.round else ""
        return f"{self.asked.map_index} {self.asked.sha256}{in_round}"

    @property
    def which(self) -> str:
        """What tells the question apart from the others of its gate, in words."""
        return in_words(Place(self.asked.dag_id, "", "", self.asked.map_index, self.asked.round))

    @property
    def page(self) -> str | None:
        """The address of the page with everything, relative to the web app; ``None``: the question is whole."""
        if not self.parts.page_sha256:
            return None
        one = self.asked
        place = "/".join(quote(part, "") for part in (one.dag_id, one.run_id, one.task_id))
        here = query_of(one.map_index, one.round).replace("?", "&")
        return f"gates/{place}?sha256={self.parts.page_sha256}{here}"

    @property
    def in_airflow(self) -> str:
        """The path of Airflow's own page of the question."""
        one = self.asked
        mapped = f"/mapped/{one.map_index}" if one.map_index >= 0 else ""
        dag, run, task = (quote(part, "") for part in (one.dag_id, one.run_id, one.task_id))
        query = region_query(one.round, one.map_index)
        return f"dags/{dag}/runs/{run}/tasks/{task}{mapped}/required_actions{f'?{query}' if query else ''}"


@dataclass(frozen=True)
class ShownGate:
    """A card: the questions of one gate in one run.

    :param questions: those that are shown. :param more: how many further ones there are.
    """

    questions: list[ShownQuestion]
    more: int

    @property
    def first(self) -> OpenQuestion:
        """The first question, which has in common with the others what the card says once."""
        return self.questions[0].asked

    @property
    def gists(self) -> list[str]:
        """What tells the questions apart: the lines of each one's arguments that the others do not all have."""
        lines = [_argument_lines(question.parts) for question in self.questions]
        common = set(lines[0]).intersection(*lines[1:]) if len(lines) > 1 else set()
        return [cut(" ".join(line for line in own if line not in common), GIST_CHARACTERS) for own in lines]

    @property
    def waited(self) -> str:
        """How long the first question has waited, in words."""
        minutes = int((datetime.now(timezone.utc) - self.first.asked_at).total_seconds() // 60)
        if minutes < 60:
            return plural(max(minutes, 0), "minute")
        return plural(minutes // 60, "hour") if minutes < 48 * 60 else plural(minutes // (24 * 60), "day")

    @property
    def key(self) -> str:
        """A new key for a form."""
        return new_key()


@router.get("/approvals", dependencies=READ_QUESTIONS)
def approvals(
    request: Request,
    user: GetUserDep,
    *,
    dag_id: Annotated[str, Query(max_length=250)] = "",
    mine: bool = False,
    order: Annotated[str, Query(max_length=10)] = "",
    answered: Annotated[str, Query(max_length=10)] = "",
    after: Annotated[str | None, Query(max_length=100)] = None,
    at: Offset = 0,
) -> Response:
    """Show the open questions, and for a chosen automation what was decided before."""
    wanted = QuestionFilter(dag_id or None, mine=mine, newest=order == "newest")
    found = open_questions.find(user, wanted)
    chosen = {"dag_id": dag_id or None, "mine": "true" if mine else None, "order": "newest" if wanted.newest else None}
    query = path_of(**chosen).removeprefix("?")
    return page(
        request,
        "approvals.html",
        section="approvals",
        waiting_questions=sum(map(len, found)),
        gates=_shown(request, user, found[at : at + GATES]),
        total=len(found),
        limit=GATES,
        offset=at,
        dag_ids=sorted({gate[0].dag_id for gate in found} | ({dag_id} if dag_id else set())),
        dag_id=dag_id,
        mine=mine,
        newest=wanted.newest,
        query=f"{query}&" if query else "",
        answered=answered if answered in OPTIONS else "",
        decided=_decided(dag_id, after),
    )


@router.get("/approvals/{dag_id}/{run_id}/{task_id}", dependencies=reading(DagAccessEntity.HITL_DETAIL))
def gate(request: Request, user: GetUserDep, dag_id: DagId, run_id: str, task_id: str) -> Response:
    """Show the open questions of one gate in one run, and what was decided at it before."""
    found = open_questions.find(user, QuestionFilter(dag_id, run_id, task_id))
    return page(
        request,
        "approvals_gate.html",
        section="approvals",
        gates=_shown(request, user, found),
        dag_id=dag_id,
        decided=_decided(dag_id, None, task_id),
    )


@router.post("/approvals/{dag_id}/{run_id}/{task_id}", dependencies=changing("PUT", DagAccessEntity.HITL_DETAIL))
def send_answer(
    request: Request, user: GetUserDep, *, dag_id: DagId, run_id: str, task_id: str, form: Form
) -> Response:
    """Answer questions of one gate as Airflow's own endpoint would, see :mod:`airflow_provider_vai.plugin.api.answers`.

    :param form: ``decision``, ``note``, ``edit.<field>``, and in ``entry`` or ``question`` what each question's form
        had there: :attr:`ShownQuestion.stamp`.
    """
    decision = form.get("decision")
    if decision not in OPTIONS:
        raise Problem(422, "a question is approved or rejected", where="decision", remedy="Use one of the two buttons.")
    stamps = list(dict.fromkeys(stamp for stamp in (*form.all("question"), form.get("entry")) if stamp))

    def do() -> str:
        _answer_all(user, (dag_id, run_id, task_id), decision, stamps, form)
        return path_of("approvals", dag_id=request.query_params.get("only") or None, answered=decision)

    return carried_out(request, user, form, do)


def _answer_all(user: Any, gate: tuple[str, str, str], decision: str, stamps: Sequence[str], form: PageForm) -> None:
    """Answer each question. If some cannot be answered, the others are, and the error says which.

    :raises HTTPException: see :func:`~airflow_provider_vai.plugin.api.answers.answer`.
    """
    if not stamps:
        raise Problem(422, "no question is ticked, so nothing was sent", remedy="Tick the questions to answer.")
    typed = {name.removeprefix(EDIT): value for name, value in form.shown() if name.startswith(EDIT)}
    refused: list[tuple[str, Exception]] = []
    for stamp in stamps:
        index, sha256, loop_round = (*stamp.split(" ", 2), "", "")[:3]
        if not index.removeprefix("-").isdecimal() or len(index) > 9:
            raise Problem(422, f"there is no question {index!r}")
        place = Place(*gate, int(index), loop_round or None)
        try:
            answer(user, place, decision, sha256=sha256, typed=typed, note=form.get("note").strip())
        except Exception as error:
            if len(stamps) == 1:
                raise
            refused.append((in_words(place), error))
    if refused:
        why = "; ".join(f"{which}: {described(error)[0].detail}" for which, error in refused)
        raise Problem(409, f"{len(stamps) - len(refused)} of {plural(len(stamps), 'question')} were answered. {why}")


def in_words(place: Place) -> str:
    """Return what tells the questions of one gate in one run apart."""
    words = [f"map index {place.map_index}"] if place.map_index >= 0 or not place.loop_round else []
    words += [f"round {place.loop_round.rpartition('.')[2]}"] if place.loop_round else []
    return ", ".join(words)


def _shown(request: Request, user: Any, found: Sequence[Sequence[Found]]) -> list[ShownGate]:
    cards = []
    asked = open_questions.read(user, [one for gate in found for one in gate[:QUESTIONS]])
    for gate in found:
        here = [one for one in asked if (one.dag_id, one.run_id, one.task_id) == gate[0].gate]
        if here:
            cards.append(ShownGate([_question(one) for one in here], max(len(gate) - QUESTIONS, 0)))
    return cards


def _argument_lines(parts: approval_blocks.QuestionBlocks) -> list[str]:
    blocks = (block for step in parts.steps for block in step.blocks if block.kind == "json")
    return [line.strip() for block in blocks for line in block.code.split("\n")]


def _question(asked: OpenQuestion) -> ShownQuestion:
    fields = [_field(name, shown) for name, shown in asked.fields.items() if name != approval_form.NOTE]
    return ShownQuestion(asked, approval_blocks.read(asked.body), fields)


def _field(name: str, shown: Any) -> ShownField:
    field = field_of(name, shown if isinstance(shown, dict) else {})
    text = approval_form.as_typed(field.value)
    return ShownField(name, text if is_editable(text) else None, field)


def _decided(dag_id: str, after: str | None, gate: str | None = None) -> DecisionPage | None:
    """Return what was decided in a DAG before; ``None`` if none is chosen, or the record cannot be reached."""
    if not is_name(dag_id):
        return None
    try:
        return decisions(dag_id, gate, limit=DECISIONS, after=after)
    except (OSError, UnusablePath):
        return None
