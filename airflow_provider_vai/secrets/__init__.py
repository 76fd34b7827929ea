"""What a credential looks like, and where one hides: by its key, form, surroundings and randomness, or as one known.

Why this is no library: `detect-secrets` (Apache-2.0) is the one in Python that can be called on a text. Its 1.5.0
takes a git commit id, a UUID, an IBAN and ``select * from t`` for secrets when it is given the bare value (its entropy
check is made for quoted strings in source code), takes 0.2 s to import and brings `requests` and `pyyaml`. Its last
release is of May 2024, and its issues 926 and 953, which ask whether it is alive, have no maintainer's yes. The rules
of `gitleaks` (MIT) are Go, `truffleHog` is AGPL. The forms that issuers publish are few: they are one table here.

Nothing here imports Airflow or anything beyond the standard library. ``find`` reads one text, ``visit`` JSON data,
``knowing`` adds credentials that the caller knows. See dev/docs/secrets.md.
"""

from __future__ import annotations

from airflow_provider_vai.secrets.find import find
from airflow_provider_vai.secrets.in_json import Sighting, visit
from airflow_provider_vai.secrets.key_names import is_secret_key
from airflow_provider_vai.secrets.known_credentials import knowing
from airflow_provider_vai.secrets.span import SecretSpan

__all__ = ["SecretSpan", "Sighting", "find", "is_secret_key", "knowing", "visit"]
