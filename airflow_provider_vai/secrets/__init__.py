"""Finds credentials by their key, form, surroundings or randomness, or because they are known.

``find`` searches a text, ``visit`` JSON data, and ``knowing`` adds credentials that the caller knows. Nothing here
imports Airflow or anything else beyond the standard library. See dev/docs/secrets.md.

Why not a library: `detect-secrets` (Apache-2.0) is the only one in Python that can be called on a text. Given a bare
value, version 1.5.0 reports a git commit id, a UUID, an IBAN and ``select * from t`` as secrets, because its entropy
check is made for quoted strings in source code. It takes 0.2 s to import and depends on `requests` and `pyyaml`. Its
last release is from May 2024, and its issues 926 and 953, which ask whether it is maintained, have no positive answer.
The rules of `gitleaks` (MIT) are written in Go, and `truffleHog` is under the AGPL. The key forms that issuers publish
are few, so they are one table here.
"""

from __future__ import annotations

from airflow_provider_vai.secrets.find import find
from airflow_provider_vai.secrets.in_json import Sighting, visit
from airflow_provider_vai.secrets.key_names import is_secret_key
from airflow_provider_vai.secrets.known_credentials import knowing
from airflow_provider_vai.secrets.span import SecretSpan

__all__ = ["SecretSpan", "Sighting", "find", "is_secret_key", "knowing", "visit"]
