"""Changes the status of an automation: draft, active, paused, deleted.

Each change is an entry in the automation's log, like its versions. The caller applies it in Airflow by pausing or
unpausing the DAG.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from airflow_provider_vai.exceptions import NotReviewed, PublishError, SpecError
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.review_item import ReviewItem
from airflow_provider_vai.model.review_lines import numbered
from airflow_provider_vai.model.sidecar import Review, Sidecar, to_review
from airflow_provider_vai.store.publisher import Published, author, now, publish, writing
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.state import AutomationState, log, settled
from airflow_provider_vai.store.versions import Change, Entry, VersionLog, conflict


def activate(
    folder: AnyPath,
    dag_id: str,
    *,
    reviewed: Iterable[ReviewItem],
    by: str | None = None,
    expected: int | None = None,
    carry_out: Callable[[], None] = lambda: None,
) -> Sidecar:
    """Set an automation to active, and record who reviewed which items.

    :param folder: The folder of the DAG file and sidecar.
    :param reviewed: The review items that the person looked at. Items of other automations are ignored.
    :param by: The author, for the history; ``None``: see :func:`~.publisher.author`.
    :param expected: The number of the newest log entry that the caller has seen; ``None``: any.
    :param carry_out: Unpauses the DAG. It is called after all checks; if it raises, nothing is recorded.
    :raises NotReviewed: an item was never reviewed.
    :raises PublishError: the DAG file or the sidecar has an edit by hand that no version contains.
    :raises Conflict: the newest log entry is not ``expected``.
    :raises SpecError: there is no such automation.
    """
    with writing(folder):
        state = _existing(folder, dag_id, expected)
        sidecar = _unedited(state)
        seen = {item.identity for item in reviewed}
        open_items = [(number, item) for number, item in to_review(sidecar).items() if item.identity not in seen]
        if open_items:
            listed = "\n".join(f"  {label}. {text}" for label, text in numbered(open_items))
            raise NotReviewed(
                f"{len(open_items)} of "
                f"{plural(len(sidecar.review), 'item is not reviewed', 'items are not reviewed')}:\n{listed}",
                where=dag_id,
                remedy="Look at each, then pass their numbers (`vai activate --reviewed 1,3-5`), or `--reviewed all`.",
                items=open_items,
            )
        items = [item for item in sidecar.review if item.identity in seen]
        review = Review(version=sidecar.version, at=now(), by=author(by), items=items)
        update: dict[str, object] = {"status": "active", "reviews": [*sidecar.reviews, review]}
        return _changed(state, "activated", by, update, carry_out)


def pause(
    folder: AnyPath,
    dag_id: str,
    *,
    by: str | None = None,
    expected: int | None = None,
    carry_out: Callable[[], None] = lambda: None,
) -> Sidecar:
    """Set an automation to paused. ``carry_out`` pauses the DAG; for the other arguments, see :func:`activate`."""
    with writing(folder):
        state = _existing(folder, dag_id, expected)
        return _changed(state, "paused", by, {"status": "paused"}, carry_out)


def delete(
    folder: AnyPath,
    dag_id: str,
    *,
    by: str | None = None,
    expected: int | None = None,
    carry_out: Callable[[], None] = lambda: None,
) -> None:
    """Remove the DAG file and the sidecar. The log keeps every version, and :func:`restore` brings one back.

    For the arguments, see :func:`activate`.

    :raises PublishError: the DAG file or the sidecar has an edit by hand that no version contains.
    """
    with writing(folder):
        state = _existing(folder, dag_id, expected)
        _unedited(state)
        _changed(state, "deleted", by, {}, carry_out)


def restore(
    folder: AnyPath,
    dag_id: str,
    version: int,
    *,
    by: str | None = None,
    expected: int | None = None,
    pause: Callable[[str], None] | None = None,
) -> Published:
    """Publish an earlier version as the newest one, including its edits by hand. Also restores deleted automations.

    :param pause: See :func:`~.publisher.publish`.

    :raises SpecError: there is no such version.
    :raises EditedByHand: the DAG file has an edit by hand that no version contains.
    """
    entry = VersionLog(folder, dag_id).version(version)
    return publish(
        entry.sidecar.automation,
        folder,
        by=by,
        summary=f"restored version {version}",
        expected=expected,
        restored=entry,
        pause=pause,
    )


def _existing(folder: AnyPath, dag_id: str, expected: int | None) -> AutomationState:
    state = settled(folder, dag_id)
    if state.sidecar is None:
        raise SpecError(
            f"there is no automation {dag_id!r}",
            where=str(folder),
            remedy="`vai lint` lists the automations in the folder.",
        )
    if expected is not None and expected != state.number:
        raise conflict(dag_id, state.newest)
    return state


def _unedited(state: AutomationState) -> Sidecar:
    if state.sidecar is None or state.newest_version is None or state.is_edited:
        raise PublishError(
            "the DAG file or its sidecar was edited by hand, and no version contains the edit",
            where=str(state.path),
            remedy=f"Make a version of it first: `vai render {state.path}`.",
        )
    return state.sidecar


def _changed(
    state: AutomationState, change: Change, by: str | None, update: dict[str, object], carry_out: Callable[[], None]
) -> Sidecar:
    number = state.number + 1
    sidecar = (state.sidecar or _unedited(state)).model_copy(update={**update, "entry": number})
    entry = Entry(number=number, change=change, at=now(), by=author(by), summary=change, sidecar=sidecar)
    log(state, entry, carry_out)
    return sidecar
