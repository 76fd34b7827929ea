"""Planted credentials for the tests. They are generated from parts, and none of them is real."""

from __future__ import annotations

import base64
import json
import random
import string
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

HEX = "0123456789abcdef"
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
MIXED = string.ascii_letters + string.digits


class Plant(NamedTuple):
    """A value with credentials in it, and the credentials, which must not be visible in any output."""

    name: str
    value: Any
    secrets: tuple[str, ...]


def drawn(seed: str, alphabet: str, count: int) -> str:
    """Return the same random characters for the same seed; of mixed ones each kind is among them."""
    source = random.Random(seed)
    text = "".join(source.choice(alphabet) for _ in range(count))
    return "aZ7" + text[3:] if alphabet == MIXED and count > 8 else text


def b64(text: str | bytes, *, url: bool = False) -> str:
    """Return base64."""
    data = text.encode() if isinstance(text, str) else text
    return (base64.urlsafe_b64encode if url else base64.b64encode)(data).decode()


def jwt(seed: str) -> str:
    """Return a JSON Web Token."""
    parts = [json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps({"sub": seed, "iat": 1700000000})]
    return ".".join([*(b64(part, url=True).rstrip("=") for part in parts), drawn(seed, MIXED, 43)])


def pem(kind: str, *, lines: int = 6) -> str:
    """Return a private key block."""
    body = "\n".join(drawn(f"{kind}{number}", MIXED, 64) for number in range(lines))
    label = f"{kind} PRIVATE KEY".strip()
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


def tokens() -> dict[str, str]:
    """Return a credential of each issuer by its name."""
    m, h, u, lo = ((lambda n, count, a=a: drawn(n, a, count)) for a in (MIXED, HEX, UPPER, LOWER))
    return {
        "aws access key": "AK" + "IA" + u("aws", 16),
        "aws session key": "AS" + "IA" + u("awss", 16),
        "google api": "AI" + "za" + m("goog", 35),
        "google oauth secret": "GOC" + "SPX-" + m("gocs", 28),
        "google access token": "ya" + "29." + m("ya", 60),
        "google refresh token": "1/" + "/0" + m("gr", 60),
        "azure client secret": m("az0", 3) + "8" + "Q~" + m("az", 34),
        "github classic": "gh" + "p_" + m("ghp", 36),
        "github oauth": "gh" + "o_" + m("gho", 36),
        "github app": "gh" + "s_" + m("ghs", 36),
        "github user": "gh" + "u_" + m("ghu", 36),
        "github refresh": "gh" + "r_" + m("ghr", 76),
        "github fine-grained": "github" + "_pat_" + m("gpf", 22) + "_" + m("gpg", 59),
        "gitlab": "gl" + "pat-" + m("glp", 20),
        "gitlab deploy": "gl" + "dt-" + m("gld", 20),
        "gitlab runner": "gl" + "rt-" + m("glr", 20),
        "slack bot": "xo" + "xb-" + f"{10**11}-{10**11 + 7}-" + m("xoxb", 24),
        "slack user": "xo" + "xp-" + f"{10**11}-{10**11 + 7}-" + m("xoxp", 32),
        "slack app": "xa" + "pp-1-" + u("xapp", 11) + f"-{10**12}-" + h("xapph", 64),
        "slack webhook": "https://hooks." + "slack.com/services/T" + u("sw", 8) + "/B" + u("sx", 8) + "/" + m("sy", 24),
        "discord webhook": "https://discord." + f"com/api/webhooks/{10**17}/" + m("dw", 68),
        "discord bot": "M" + m("dis", 23) + "." + m("di", 6) + "." + m("db", 38),
        "telegram bot": f"{123456789}:A" + "A" + m("tg", 33),
        "stripe secret": "sk" + "_live_" + m("st", 24),
        "stripe test": "sk" + "_test_" + m("stt", 24),
        "stripe restricted": "rk" + "_live_" + m("str", 24),
        "stripe webhook": "wh" + "sec_" + m("stw", 32),
        "twilio api key": "S" + "K" + h("tw", 32),
        "sendgrid": "S" + "G." + m("sg", 22) + "." + m("sg2", 43),
        "mailgun": "ke" + "y-" + h("mg", 32),
        "mailchimp": h("mc", 32) + "-us" + "12",
        "brevo": "xkey" + "sib-" + h("br", 64) + "-" + m("br2", 16),
        "openai": "s" + "k-" + m("oa", 48),
        "openai project": "s" + "k-proj-" + m("oap", 100),
        "anthropic": "s" + "k-ant-api03-" + m("an", 93) + "AA",
        "openrouter": "s" + "k-or-v1-" + h("or", 64),
        "hugging face": "h" + "f_" + drawn("hf", string.ascii_letters, 34),
        "groq": "gs" + "k_" + m("gq", 52),
        "xai": "xa" + "i-" + m("xa", 80),
        "perplexity": "ppl" + "x-" + m("pp", 48),
        "replicate": "r" + "8_" + m("r8", 37),
        "tavily": "tv" + "ly-" + m("tv", 32),
        "langsmith": "lsv" + "2_pt_" + h("ls", 32) + "_" + h("ls2", 10),
        "langfuse": "s" + "k-lf-" + str(uuid.UUID(h("lf", 32))),
        "npm": "np" + "m_" + m("np", 36),
        "pypi": "py" + "pi-AgEIcHlwaS5vcmc" + m("py", 120),
        "rubygems": "ruby" + "gems_" + h("rg", 48),
        "docker hub": "dckr" + "_pat_" + m("dk", 27),
        "digitalocean": "dop" + "_v1_" + h("do", 64),
        "databricks": "da" + "pi" + h("dbx", 32),
        "shopify": "shp" + "at_" + h("shp", 32),
        "square": "sq0" + "atp-" + m("sq", 22),
        "hashicorp vault": "hv" + "s." + m("hv", 90),
        "grafana": "gl" + "sa_" + m("gf", 32) + "_" + h("gf2", 8),
        "new relic": "NR" + "AK-" + u("nr", 27),
        "posthog": "ph" + "x_" + m("ph", 43),
        "linear": "lin" + "_api_" + m("li", 40),
        "notion": "nt" + "n_" + m("nt", 46),
        "airtable": "pa" + "t" + m("at", 14) + "." + h("at2", 64),
        "hubspot": "pa" + "t-na1-" + str(uuid.UUID(h("hs", 32))),
        "figma": "fig" + "d_" + m("fg", 40),
        "atlassian": "ATA" + "TT3" + m("atl", 180) + "=" + h("atl2", 8).upper(),
        "supabase": "sb" + "p_" + h("sb", 40),
        "postman": "PM" + "AK-" + h("pm", 24) + "-" + h("pm2", 34),
        "tailscale": "ts" + "key-auth-" + m("ts", 12) + "-" + m("ts2", 24),
        "platform": "vai" + "_pat_" + m("vai", 24),
        "jwt": jwt("someone"),
        "rsa key": pem("RSA"),
        "openssh key": pem("OPENSSH"),
        "ec key": pem("EC", lines=2),
        "pkcs8 key": pem(""),
        "encrypted key": pem("ENCRYPTED"),
        "pgp key": pem("PGP").replace("KEY-", "KEY BLOCK-"),
        "random letters": m("rnd1", 48),
        "aws secret key": "q" + drawn("awssec", MIXED + "+/", 38) + "Z7"[0:1],
        "base64 key of 32 bytes": b64(random.Random("b32").randbytes(32)),
        "lower token": lo("unused", 4) + m("tail", 40),
    }


KEYS = """
password PASSWORD Password db_password userPassword PGPASSWORD dbpassword new-password old.password passwd pwd
PWD2 passphrase passcode pass smtp_pass MYSQL_PWD secret client_secret clientSecret client-secret app.secret
webhookSecret token access_token accessToken refreshToken id_token authToken session_token bot_token
bearerToken api_key apiKey apikey api-key x_api_key X-Api-Key API_KEY_2 my_apikey access_key secret_access_key
aws_secret_access_key awsSecretAccessKey account_key AccountKey SharedAccessKey private_key signing_key
encryptionKey master_key FERNET_KEY subscription-key credential credentials Authorization proxy-authorization
Cookie Set-Cookie jwt sas_token Kennwort kennwort Passwort DB_PASSWORT Geheimnis contraseña Contraseña
contrasena clave senha mot_de_passe motDePasse mdp parola hasło wachtwoord lösenord adgangskode salasana şifre
пароль 密码 パスワード 비밀번호 password_confirmation password_hash user[password] auth.token $env:TOKEN
""".split()  # noqa: SIM905 - a hundred words are read best as words

WEAK = "k0rrekt-Pferd!"
PASS = "Tr0ub4dor" + "&3x"
PLAIN = "hunter" + "2pass9"
LONG = drawn("long", MIXED, 40)
NAMED_HEX = drawn("hexkey", HEX, 32)


def in_sentences() -> dict[str, tuple[str, str]]:
    """Return texts with a credential in them, and the credential."""
    forms = {
        "my password is {}": PLAIN,
        "The password is: {}.": PLAIN,
        "password: {}": PLAIN,
        "Password = {}": PLAIN,
        "Please change my password to {}": PLAIN,
        "user=me password={} host=db": PLAIN,
        "login me / password {} ": "'" + PLAIN + "'",
        "Use the API key {} for it": "'" + LONG + "'",
        "api key: {}": LONG,
        "The token is {}, thanks": LONG,
        "secret={}": LONG,
        "Das Passwort lautet {}": PLAIN,
        "Kennwort: {}": PLAIN,
        "mein Kennwort ist {}": PLAIN,
        "La contraseña es {}": PLAIN,
        "contraseña: {}": PLAIN,
        "Mot de passe : {}": PLAIN,
        "le mot de passe est {}": PLAIN,
        "a senha é {}": PLAIN,
        "пароль: {}": PLAIN,
        "hasło: {}": PLAIN,
        "密码\uff1a{}": PLAIN,
        "パスワード: {}": PLAIN,
        "Wachtwoord is {}": PLAIN,
        "export TOKEN={}": LONG,
        "export DB_PASSWORD='{}'": PASS,
        "set PASSWORD={}": PLAIN,
        '$env:API_KEY = "{}"': LONG,
        "API_KEY={}\nDEBUG=1": LONG,
        "# .env\nSECRET_KEY={}\nPORT=80": LONG,
        "DB_PASS={}": PASS,
        "PGPASSWORD={} psql -h db": PLAIN,
        "mysql -u root -p{} shop": PLAIN,
        "mysqldump --password={} shop": PLAIN,
        "tool --password {} --verbose": PLAIN,
        "tool --token={}": LONG,
        "tool --api-key '{}'": LONG,
        "curl -u me:{} https://x.invalid/a": PLAIN,
        "curl --user 'me:{}' https://x.invalid": PLAIN,
        "sshpass -p {} ssh me@host": PLAIN,
        "redis-cli -a {} ping": PLAIN,
        "docker login -u me --password {} registry.invalid": PLAIN,
        "curl -H 'Authorization: Bearer {}' https://x.invalid": LONG,
        'curl -H "X-Api-Key: {}" https://x.invalid': LONG,
        "curl -b 'session={}' -H 'Cookie: sid={}' https://x.invalid": LONG,
        "Authorization: Token {}": LONG,
        "authorization: bearer {}": LONG,
        "GET / HTTP/1.1\r\nCookie: a=1; sid={}\r\n": LONG,
        "Set-Cookie: session={}; HttpOnly": LONG,
        "Proxy-Authorization: Bearer {}": LONG,
        "X-Auth-Token: {}": LONG,
        "Server=db;User Id=me;Password={};Encrypt=yes": PLAIN,
        "Driver={{ODBC}};UID=me;PWD={};": PLAIN,
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=core": b64(LONG[:30]) + "==",
        "Endpoint=sb://x.invalid/;SharedAccessKeyName=k;SharedAccessKey={}": b64(LONG[:30]),
        "host=db dbname=shop user=me password='{}'": PASS,
        "jdbc:sqlserver://db;user=me;password={};": PLAIN,
        "jdbc:oracle:thin:scott/{}@db:1521/x": PLAIN,
        "sqlplus scott/{}@db": PLAIN,
        'import os\nclient = Client(api_key="{}")': LONG,
        '{{"user": "me", "password": "{}"}}': PASS,
        '{{\\"password\\": \\"{}\\"}}': PASS,
        "{{'password': '{}'}}": PASS,
        "password => '{}'": PASS,
        "<password>{}</password>": PASS,
        "<c:clientSecret type='x'>{}</c:clientSecret>": LONG,
        "db:\n  user: me\n  password: {}\n": PLAIN,
        'api_token: "{}"': LONG,
        "[db]\npassword = {}\n": PLAIN,
        "aws_access_key_id = x\naws_secret_access_key = {}": LONG,
        "machine x.invalid login me password: {}": PLAIN,
        "One-time password: {}": PLAIN,
        "the secret key for staging is {}": LONG,
        "PIN: {}": "4821",
        "Your OTP is {}": "739201",
        "//registry.invalid/:_authToken={}": LONG,
        "spring.datasource.password={}": PLAIN,
        "requirepass: x, password={}": PLAIN,
    }
    return {form[:60]: (form.format(secret, secret), secret.strip("'")) for form, secret in forms.items()}


def in_urls() -> dict[str, tuple[str, str]]:
    """Return URLs with a credential in them, and the credential."""
    forms = {
        "postgresql://me:{}@db.invalid/shop": PLAIN,
        "postgres+psycopg://me:{}@db:5432/shop?sslmode=require": PLAIN,
        "mysql://root:{}@db/shop": PLAIN,
        "mongodb+srv://me:{}@cluster.invalid/x": PLAIN,
        "redis://:{}@cache:6379/0": PLAIN,
        "amqp://me:{}@mq:5672/%2f": PLAIN,
        "https://me:{}@x.invalid/a": PLAIN,
        "ftp://me:{}@x.invalid/a.csv": PLAIN,
        "sftp://me:{}@x.invalid": PLAIN,
        "snowflake://me:{}@account/db": PLAIN,
        "clickhouse://me:{}@host:9000/x": PLAIN,
        "smtp://me:{}@mail:587": PLAIN,
        "ldap://cn=me:{}@dir": PLAIN,
        "http://me:p@{}@x.invalid/": PLAIN,
        "mssql+pyodbc://sa:{}@h/x": PLAIN,
        "https://{}@github.invalid/o/r.git": LONG,
        "https://x-access-token:{}@github.invalid/o/r.git": LONG,
        "https://oauth2:{}@gitlab.invalid/o/r.git": LONG,
        "see https://me:{}@x.invalid/a, please": PLAIN,
        "https://x.invalid/?token={}": LONG,
        "https://x.invalid/?a=1&access_token={}": "abcd" + "1234",
        "https://x.invalid/?api_key={}": LONG,
        "https://x.invalid/?apikey={}&b=2": LONG,
        "https://x.invalid/?key={}": LONG,
        "https://x.invalid/?password={}": PLAIN,
        "https://x.invalid/?client_secret={}": LONG,
        "https://x.invalid/?sig={}": quote(b64(LONG), ""),
        "https://x.invalid/?auth={}": LONG,
        "https://a.blob.invalid/c/f?sv=2022-11-02&se=2030-01-01&sp=r&sig={}": quote(b64(LONG[:32]), ""),
        "https://b.s3.invalid/k?X-Amz-Expires=60&X-Amz-Signature={}": drawn("amz", HEX, 64),
        "https://storage.invalid/b/o?X-Goog-Signature={}": drawn("goo", HEX, 128),
        "https://x.invalid/cb#access_token={}&token_type=b": LONG,
        "https://x.invalid/cb#id_token={}": jwt("cb"),
        "https://x.invalid/cb?code={}&state=1": LONG,
        "/path?token={}": LONG,
        "https://x.invalid/?appid={}": NAMED_HEX,
        "https://x.invalid/?session={}": LONG,
        "wss://x.invalid/s?jwt={}": jwt("ws"),
        "https://x.invalid/?subscription-key={}": NAMED_HEX,
        "https://x.invalid/?X-Amz-Security-Token={}": LONG,
        "https://{}@o1.ingest.invalid/42": NAMED_HEX,
        '<a href="https://x.invalid/?a=1&amp;token={}">x</a>': LONG,
    }
    return {form[:60]: (form.format(secret), secret) for form, secret in forms.items()}


def in_sql() -> dict[str, tuple[str, str]]:
    """Return statements with a credential in them, and the credential."""
    forms = {
        "CREATE USER me IDENTIFIED BY '{}'": PASS,
        "ALTER USER me IDENTIFIED WITH caching_sha2_password BY '{}';": PASS,
        "GRANT ALL ON *.* TO me IDENTIFIED BY PASSWORD '{}'": PASS,
        "create user me identified by {};": PLAIN,
        "CREATE ROLE me WITH LOGIN PASSWORD '{}'": PASS,
        "alter role me with encrypted password '{}' valid until 'x'": PASS,
        "CREATE LOGIN me WITH PASSWORD = N'{}'": PASS,
        "CREATE USER me PASSWORD = '{}' DEFAULT_ROLE = x": PASS,
        "SET PASSWORD FOR me = PASSWORD('{}')": PASS,
        "SET s3_secret_access_key='{}'": LONG,
        "SET s3_access_key_id = '{}';": LONG[:20],
        "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET '{}')": LONG,
        "CREATE OR REPLACE SECRET (TYPE azure, CONNECTION_STRING '{}');": LONG,
        "CREATE PERSISTENT SECRET h (TYPE huggingface, TOKEN '{}');": LONG,
        "CREATE SECRET p (TYPE postgres, HOST 'h', PASSWORD '{}')": PASS,
        "COPY t FROM 's3://b/k' CREDENTIALS 'aws_access_key_id=x;aws_secret_access_key={}'": LONG,
        "COPY t FROM 's3://b/k' ACCESS_KEY_ID 'x' SECRET_ACCESS_KEY '{}'": LONG,
        "CREATE STAGE s CREDENTIALS = (AWS_KEY_ID = 'x' AWS_SECRET_KEY = '{}')": LONG,
        "SELECT pgp_sym_decrypt(c, '{}') FROM t": PASS,
        "ATTACH 'host=db user=me password={} dbname=x' AS pg (TYPE postgres)": PLAIN,
        "CREATE SERVER s OPTIONS (user 'me', password '{}')": PASS,
        "CREATE EXTERNAL TABLE t OPTIONS ('sas_token' = '{}')": LONG,
        "SELECT * FROM postgres_scan('postgresql://me:{}@db/x', 'a', 'b')": PLAIN,
        "INSERT INTO conf (k) VALUES ('api_key={}')": LONG,
        "SELECT dblink_connect('host=h password={}')": PLAIN,
        "UPDATE users SET password = '{}' WHERE id = 1": PASS,
        "CREATE USER MAPPING FOR me SERVER s OPTIONS (PASSWORD '{}')": PASS,
    }
    return {form[:60]: (form.format(secret), secret) for form, secret in forms.items()}


def _hidden() -> Iterator[tuple[str, str, str]]:
    """Yield a name, an encoded text, and the credential in it."""
    known = tokens()
    shaped = ["github classic", "openai", "aws access key", "jwt", "rsa key", "stripe secret", "slack bot", "sendgrid"]
    texts = {name: known[name] for name in shaped}
    texts |= {
        "dsn": f"postgres://me:{PLAIN}@db/x",
        "env": f"DB_PASSWORD={PLAIN}",
        "json": json.dumps({"password": PLAIN}),
    }
    texts |= {"sentence": f"the password is {PLAIN}"}
    for name, text in texts.items():
        secret = text if name in shaped else PLAIN
        yield f"base64 {name}", b64(text), secret
        yield f"base64url {name}", b64(text, url=True).rstrip("="), secret
        yield f"hex {name}", text.encode().hex(), secret
        yield f"percent {name}", "".join(f"%{byte:02X}" for byte in text.encode()), secret
        yield f"double base64 {name}", b64(b64(text)), secret
        yield f"percent of base64 {name}", quote(b64(text + "??"), ""), secret
        yield f"base64 in text {name}", f"decode {b64(text)} first", secret


def _nested() -> Iterator[Plant]:
    yield Plant("named pair", {"env": [{"name": "API_KEY", "value": LONG}]}, (LONG,))
    yield Plant("key pair", {"settings": [{"key": "db.password", "value": PLAIN}]}, (PLAIN,))
    yield Plant("header pair", {"headers": [["Authorization", f"Bearer {LONG}"]]}, (LONG,))
    yield Plant(
        "header object", {"headers": {"Authorization": f"Basic {b64('me:' + PLAIN)}"}}, (PLAIN, b64("me:" + PLAIN))
    )
    yield Plant("named header", {"headers": [{"name": "Cookie", "value": f"sid={LONG}"}]}, (LONG,))
    yield Plant("value below", {"password": {"value": PLAIN}}, (PLAIN,))
    yield Plant("list below", {"passwords": [PLAIN, PASS]}, (PLAIN, PASS))
    yield Plant("words of a command", {"argv": ["login", "--password", PLAIN]}, (PLAIN,))
    yield Plant("cookie jar", {"cookies": {"session": LONG}}, (LONG,))
    yield Plant("deep", {"a": [{"b": [{"c": {"d": [{"client_secret": LONG}]}}]}]}, (LONG,))
    yield Plant("json in text", {"body": json.dumps({"a": {"api_key": LONG}})}, (LONG,))
    yield Plant("json in json", {"body": json.dumps({"a": json.dumps({"password": PASS})})}, (PASS,))
    yield Plant("json three deep", {"body": json.dumps([json.dumps([json.dumps({"password": PASS})])])}, (PASS,))
    escaped = '{"\\u0070assword": "' + PLAIN + '"}'
    yield Plant("escaped json", {"body": escaped}, (PLAIN,))
    yield Plant("in a key", {"rows": {tokens()["openai"]: 1}}, (tokens()["openai"],))
    yield Plant("number", {"pin": 48213, "password": 77128}, ("77128", "48213"))
    yield Plant("pin", {"card": {"pin": "4821", "cvv": "912"}}, ("4821", "912"))
    yield Plant("yaml", {"text": f"database:\n  password: {PLAIN}\n  port: 1\n"}, (PLAIN,))
    service = {
        "type": "service_account",
        "private_key_id": NAMED_HEX,
        "private_key": pem("", lines=20),
        "client_email": "a@b.invalid",
    }
    body = service["private_key"].split("\n")[3]
    yield Plant("gcp service account", {"keyfile": service}, (body,))
    yield Plant("gcp service account in text", {"keyfile": json.dumps(service)}, (body,))
    yield Plant(
        "gcp service account in base64", {"keyfile": b64(json.dumps(service))}, (body, b64(json.dumps(service)))
    )
    yield Plant("bearer", {"value": f"Bearer {LONG}"}, (LONG,))
    yield Plant("basic", {"value": "Basic " + b64(f"me:{PASS}")}, (b64(f"me:{PASS}"), PASS))
    yield Plant("long text", {"value": "word " * 5000 + f"password={PLAIN}" + " word" * 5000}, (PLAIN,))


def planted() -> list[Plant]:
    """Return the whole table."""
    found = [Plant(f"bare {name}", {"note": token}, (token,)) for name, token in tokens().items()]
    by_form = {
        name: token
        for name, token in tokens().items()
        if not name.startswith(("random", "aws secret", "base64 key", "lower"))
    }
    found += [Plant(f"said {name}", {"note": f"use {token} here"}, (token,)) for name, token in by_form.items()]
    for number, key in enumerate(KEYS):
        secret = (WEAK, PASS, LONG, NAMED_HEX)[number % 4]
        found.append(Plant(f"key {key}", {"settings": {key: secret}}, (secret,)))
    for kind, table in (("text", in_sentences()), ("url", in_urls()), ("sql", in_sql())):
        found += [Plant(f"{kind} {name}", {"note": text}, (secret,)) for name, (text, secret) in table.items()]
    found += [
        Plant(name, {"note": text}, (secret, text) if " " not in text else (secret,))
        for name, text, secret in _hidden()
    ]
    return [*found, *_nested()]
