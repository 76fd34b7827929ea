"""The fields of a form: read within limits, with the state that the form was made from and the key of its sending."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Request

from airflow_provider_vai.plugin.api.request_body import AnyRequest, SmallBody, validated_request
from airflow_provider_vai.secrets.masking import mask

MOST_FIELDS = 1000
FORM_TYPE = "application/x-www-form-urlencoded"
ENTRY, KEY, WAS = "entry", "key", "was"
"""Names of the hidden fields: the log entry that the page showed, a key that makes a second click harmless, and digests
of the values that the form showed, so that only what a person changed is written."""


@dataclass(frozen=True)
class PageForm:
    """The fields of a form.

    :param content: the body as it was sent. :param fields: names and values in their order.
    """

    content: bytes
    fields: tuple[tuple[str, str], ...]

    def get(self, name: str, default: str = "") -> str:
        """Return the value of a field, the first one if there are several."""
        return next((value for field, value in self.fields if field == name), default)

    def all(self, name: str) -> list[str]:
        """Return the values of a field that may occur several times."""
        return [value for field, value in self.fields if field == name]

    @property
    def if_match(self) -> str | None:
        """The state that the form was made from, as the header ``If-Match`` names it."""
        entry = self.get(ENTRY)
        return f'"{entry}"' if entry else None

    @property
    def key(self) -> str | None:
        """The key of this sending, as the header ``Idempotency-Key`` names it."""
        return self.get(KEY)[:255] or None

    def read(self, model: type[AnyRequest], given: dict[str, Any]) -> AnyRequest:
        """Return what the API would read from the body of such a request.

        :param model: the request model. :param given: its fields, made from the form's.
        :raises SpecError: they do not fit the model.
        """
        return validated_request(model, given, where="the form", remedy="Go back and correct the field.")

    def shown(self) -> list[tuple[str, str]]:
        """Return the fields that a person typed or chose, without the hidden ones."""
        return [(name, value) for name, value in self.fields if name not in (ENTRY, KEY, WAS)]

    def kept(self) -> list[tuple[str, str]]:
        """Return the hidden fields that a second sending repeats as they are."""
        return [(name, value) for name, value in self.fields if name == WAS]


def page_form(request: Request, body: SmallBody) -> PageForm:
    """Return the fields of the request's form. They are kept with the request, so that an error page shows them again.

    :raises HTTPException: 415 it is not a form, 400 it is not UTF-8 or has too many fields.
    """
    if body.content and body.content_type != FORM_TYPE:
        raise HTTPException(415, f"a form must be sent as {FORM_TYPE}")
    try:
        fields = parse_qsl(
            body.content.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except UnicodeDecodeError:
        raise HTTPException(400, "the form is not UTF-8") from None
    except ValueError:
        raise HTTPException(400, f"the form has more than {MOST_FIELDS:,} fields") from None
    # Browsers send line breaks of text fields as CR LF (https://html.spec.whatwg.org/#multipart-form-data).
    form = PageForm(body.content, tuple((name, value.replace("\r\n", "\n")) for name, value in fields))
    request.state.form = form
    return form


Form = Annotated[PageForm, Depends(page_form)]


def new_key() -> str:
    """Return the key of a form that a page shows."""
    return secrets.token_urlsafe(16)


def is_editable(text: str) -> bool:
    """Return whether a text can be edited on a page: one with a credential would be shown masked, and saved so."""
    return mask(text) == text
