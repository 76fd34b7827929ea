"""Recognises names of credentials, in English and other languages and in any spelling."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from airflow_provider_vai.secrets.disguises import undisguised
from airflow_provider_vai.secrets.patterns import deferred

Family = Literal["password", "token", "pin"]

_PASSWORDS = (
    "password|passwords|passwd|passwrd|passwort|passwoerter|passphrase|passcode|kennwort|contrasena|contrasenya|"
    "motdepasse|mot_de_passe|mdp|senha|palavra_passe|parola|parola_d_ordine|haslo|heslo|jelszo|wachtwoord|losenord|"
    "adgangskode|passord|salasana|sifre|lozinka|zaporka|slaptazodis|parool|psk|preshared_?key|pre_shared_key|пароль|парола|密码|密碼|口令|パスワード|"
    "비밀번호|암호|סיסמה|كلمة_المرور|κωδικος"
)
_SHORT_PASSWORDS = "pass|pwd|pw|passw|psw|pswd"  # too short to match as the end of a longer word
_TOKENS = (
    "secret|secrets|token|api_?keys?|app_?key|application_key|access_?key(_id)?|aws_key_id|account_?key|shared_(access_)?key|secret_?key|"
    "private_?key|signing_?key|encryption_?key|decryption_?key|master_?key|fernet_?key|storage_?key|service_?key|"
    "subscription_?key|license_?key|auth_?key|ssh_?key|deploy_?key|consumer_?key|client_?key|host_?key|webhook_?key|"
    "seed_phrase|mnemonic_phrase|recovery_(phrase|codes?|key)|backup_codes?|integration_?key|integrity_key|hmac_?key|aes_?key|rsa_?key|jwt_?key|credentials?|creds?|authorization|bearer|jwt|"
    "shared_access_signature|sas|sas_?(key|url)|cookie|set_cookie|session_cookie|jsessionid|phpsessid|connect_sid|"
    "geheimnis|geheimschluessel|geheimschlussel|api_?schlussel|api_?schluessel|zugangsschlussel|zugangsdaten|jeton|"
    "jeton_d_acces|cle_(d_)?api|clave|clave_secreta|clave_api|clave_de_acceso|secreto|segredo|chave_(de_)?(api|acesso|"
    "secreta)|chiave_(api|segreta)|segreto|токен|секрет|令牌|密钥|密鑰|トークン|秘密鍵|토큰"
)
_GLUED = deferred(  # unambiguous even as the end of a longer word: PGPASSWORD, dbpassword, myapikey
    r"(password|passwd|passwort|kennwort|passphrase|contrasena|apikey|secretkey|accesskey|privatekey|authtoken|"
    r"accesstoken|refreshtoken|sessiontoken|bearertoken|clientsecret|secretaccesskey|senha|wachtwoord)$"
)
_SUFFIX = (
    r"(_?\d{1,3}|_(value|text|hash|plain|plaintext|raw|b64|base64|encoded|confirm|confirmation|repeat|verify|string))?$"
)
_VARIABLES = frozenset({"SSHPASS", "REDISCLI_AUTH"})
"""Environment variables with a password, in their one spelling: ``sshpass`` is a program."""
_PASSWORD = deferred(rf"(^|_)({_PASSWORDS}|{_SHORT_PASSWORDS}){_SUFFIX}")
_TOKEN = deferred(rf"(^|_)({_TOKENS}){_SUFFIX}")
_PIN = deferred(
    r"(^|_)(pin|pin_code|otp|totp|cvv2?|cvc2?|one_time_(code|password)|mfa_code|2fa_code|verification_code)$"
)
_INNOCENT = deferred(  # page tokens, tokens of language models, passes and tickets, flags and counts, public keys
    r"(^|_)(next|page|nextpage|input|output|change|continuation|continue|sync|cursor|scroll|skip|resume|pagination|start|idempotency|stop|eos|bos|"
    r"pad|unk|mask|sep|cls|request|client_request|prompt|completion|csrf_header)_token(_value)?$"
    r"|^(boarding|season|day|week|month|bus|rail|train|ski|museum|city|travel|first|second|last|high|low|band|all|is|did|"
    r"by|mountain|event|visitor|parking|back|multi|single|one|two|test)_pass$"
    r"|^(public|foreign|primary|partition|sort|is|has|use|num|max|min|count|n)_(secret|token|password|api_?key)s?$"
    r"|(^|_)(public|verify|verification)_key$"
)
_IDENTIFIER = deferred(
    r"(^|_)(id|ids|uid|uuid|guid|gid|ref|refs|reference|hash|hashes|digest|checksum|etag|e_tag|sha|sha1|sha256|sha512|md5|"
    r"crc|integrity|fingerprint|signature|nonce|version|revision|commit|cursor|page|anchor|next|previous|prev|continuation|"
    r"token|state|iban|slug|handle|address|image|thumbnail|icon|avatar|photo|picture|bytes|blob|attachment|embedding|"
    r"vector|sheet|spreadsheet|document|doc|file|folder|path|url|uri|href|link|name|title|trace|span|etags)$"
)
NAME_KEYS = frozenset(
    [
        "name",
        "key",
        "header",
        "variable",
        "field",
        "env",
        "option",
        "parameter",
        "param",
        "var",
        "property",
        "setting",
        "attribute",
        "field_name",
        "parameter_key",
        "parameter_name",
        "option_name",
        "setting_name",
    ]
)
"""Keys whose value is the name of what stands beside it, as in ``{"name": "API_KEY", "value": …}``, in snake case."""

VALUE_KEYS = frozenset(
    [
        "value",
        "val",
        "values",
        "content",
        "data",
        "text",
        "default",
        "raw",
        "plain",
        "plaintext",
        "current",
        "new",
        "old",
        "string_value",
        "value_string",
        "secret_value",
        "contents",
        "parameter_value",
        "option_value",
        "setting_value",
    ]
)
"""Keys that say nothing about their value, in snake case."""

_MANY = deferred(rf"(^|_)(?:{_PASSWORDS}|secrets?|credentials?|creds?|api_?keys|tokens|access_?keys|zugangsdaten)$")
_ORDINARY = deferred(  # what stands beside a credential: who, where, since when, settings of forms and schemas
    r"(^|_)(id|ids|uuid|user|username|user_name|name|names|login_name|host|hostname|server|port|url|uri|endpoint|path|file|email|mail|"
    r"region|zone|database|dbname|schema|type|kind|format|scheme|algorithm|alg|hint|label|title|description|help|text|"
    r"placeholder|message|error|policy|pattern|regex|rule|rules|version|created|updated|modified|expires|expiry|expiration|expires_at|"
    r"created_at|updated_at|date|time|at|by|on|min|max|length|age|days|count|status|state|scope|scopes|role|owner|issuer|"
    r"audience|tenant|account|project|ref|reference|from|source|store|vault|env|arn|locale|lang|color|icon|class|selector|"
    r"xpath|locator|ref|field|column|columns|required|enabled|strength|comment|comments|note|notes|mode|method|provider)$"
)
_ACCENTS = deferred("[\u0300-\u036f]")  # only Latin accents: marks of other scripts make different letters
_STROKES = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "\u0131": "i", "ß": "ss", "æ": "ae"})


@lru_cache(maxsize=4096)
def spelled(name: str) -> str:
    """Return a name in snake case and without accents: ``clientSecret`` is ``client_secret``, ``Clé`` is ``cle``."""
    parts = name[:200]
    if not parts.isascii():
        bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", undisguised(parts))).translate(_STROKES)
        parts = unicodedata.normalize("NFKC", bare)
    if not parts.islower():
        parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", parts)
    return re.sub(r"[\W_]+", "_", parts).strip("_").lower()


@lru_cache(maxsize=4096)
def family(name: str) -> Family | None:
    """Return the kind of credential that a name stands for; ``None`` if it does not name a credential.

    ``pin`` is a short number, such as a one-time code.

    :param name: A key, header, variable or option, in any spelling.
    """
    key = spelled(name)
    if not key or _INNOCENT.search(key):
        return None
    if _PIN.search(key):
        return "pin"
    if name in _VARIABLES or _PASSWORD.search(key):
        return "password"
    if _TOKEN.search(key):
        return "token"
    if glued := _GLUED.search(key.replace("_", "")):
        return "password" if re.match("pass|kennwort|contra|senha|wacht", glued[1]) else "token"
    return None


def is_secret_key(name: str) -> bool:
    """Return whether any text under this key is a credential. ``pin`` keys do not count: only digits are a pin."""
    return family(name) in ("password", "token")


@lru_cache(maxsize=4096)
def names_an_identifier(name: str) -> bool:
    """Return whether random characters are normal under this key, as for an id, a digest, a page cursor or an image."""
    return bool(_IDENTIFIER.search(spelled(name)))


@lru_cache(maxsize=4096)
def names_many(name: str) -> bool:
    """Return whether a key such as ``passwords`` or ``credentials`` names all the values of the object below it."""
    return _MANY.search(spelled(name)) is not None


def ordinary(name: str) -> bool:
    """Return whether a key below ``credentials`` or the like names something that stands beside a credential."""
    return _ORDINARY.search(spelled(name)) is not None
