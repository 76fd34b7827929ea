"""Words that hint at the name of a credential. A text without one has no credential that is found by its name."""

from __future__ import annotations

from functools import lru_cache

from airflow_provider_vai.secrets.distinct_words import lower_words
from airflow_provider_vai.secrets.patterns import deferred

_SEPARATOR = deferred(r"[\s:=<>(\uff1a]")
"""A separator of a name and its value, in every form that is searched for. A text without one is skipped at once."""

_HINTS: tuple[str, ...] = (
    *("pass", "assword", "pwd", "psw", "psk", "preshared", "secret", "token", "key", "auth", "bearer", "basic", "cred"),
    *(
        "kennwort",
        "contrase",
        "clave",
        "senha",
        "mdp",
        "mot ",
        "motdep",
        "parola",
        "haslo",
        "heslo",
        "jelsz",
        "wachtwoord",
    ),
    *("losen", "adgangskode", "salasana", "sifre", "lozink", "slapta", "parool", "cookie", "sas", "jwt", "otp", "cvv"),
    *(
        "cvc",
        "mfa",
        "2fa",
        "code",
        "identified",
        "crypt",
        "curl",
        "wget",
        "http",
        "redis-cli",
        "geheim",
        "schl",
        "jeton",
    ),
    *("segre", "chave", "chiave", "sessid", "connect.sid", "signature", "login", "connection", ".connect"),
    *(
        "sql(",
        "form-data",
        ":*:",
        "phrase",
        "zaporka",
        "zugangsdaten",
        "sessionid",
        "connect_sid",
        "connectsid",
        "cleapi",
        "cledapi",
        "cle_",
        "recovery",
    ),
)
_FOREIGN_HINTS: tuple[str, ...] = (
    *("hasło", "lösen", "şifre", "парол", "密", "口令", "パスワード", "비밀번호", "암호", "סיסמ", "κωδ", "clé "),
    *("كلمة", "токен", "секрет", "令牌", "トークン", "秘密", "토큰"),
)
LONG = 200
"""Characters of a text of which each word is searched for hints once."""

_CLE = deferred(r"[cC](?:(?<![A-Za-z][cC])(?:le|LE)|(?<=[a-z]C)le) ")
"""The French word for a key without its accent, and not the end of an English word such as "article"."""

_HINT_WORD = deferred(r"pw(?![a-z])|pin(?![a-z])|\bpin|:[56]4\d\d:")


def may_name_a_credential(text: str) -> bool:
    """Return whether a text can contain a credential's name and its value. Most texts cannot, so they are skipped.

    :param text: The text.
    """
    return _SEPARATOR.search(text) is not None and _has_hint(text)


def _has_hint(text: str) -> bool:
    """Return whether a text has one of the hints. Looking for each in turn is far faster than one pattern of them."""
    if text.isascii():
        folded, hints = text.lower(), _HINTS
    else:  # a pattern that ignores case takes both Turkish letters for an i, too
        folded, hints = text.replace("İ", "i").casefold().replace("\u0131", "i"), (*_HINTS, *_FOREIGN_HINTS)
    if "cle " in folded and _CLE.search(text):
        return True
    if len(folded) > LONG:
        words = lower_words(text) if text.isascii() else " ".join(frozenset(folded.split()))
        if any(hint in (folded if " " in hint else words) for hint in hints):
            return True
        return _HINT_WORD.search(" ".join(word for word in words.split(" ") if "p" in word or ":" in word)) is not None
    is_hinted = next(filter(folded.__contains__, hints), None) is not None
    return is_hinted or _HINT_WORD.search(folded) is not None


@lru_cache(maxsize=1024)
def is_hinted(name: str) -> bool:
    """Return whether a name has one of the hints.

    :param name: The name.
    """
    folded = f"{name} ".lower()
    return (
        any(hint in folded for hint in _HINTS)
        or _HINT_WORD.search(folded) is not None
        or _CLE.search(f"{name} ") is not None
    )


def hints_in(folded: str) -> tuple[str, ...]:
    """Return the hints in a text. Each word of a long text is searched once.

    :param folded: The text in lower case.
    """
    words = lower_words(folded) if len(folded) > LONG else folded
    return tuple(hint for hint in _HINTS if hint in (folded if " " in hint else words))
