"""What saves time when credentials are looked for misses none of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from airflow_provider_vai.secrets import (
    find,
    hints,
    in_code,
    in_commands,
    in_documents,
    in_statements,
    in_text,
    in_urls,
)
from airflow_provider_vai.secrets.key_names import Family
from airflow_provider_vai.secrets.patterns import may_match
from airflow_provider_vai.secrets.plausible import is_told
from tests.unit.secrets import carried_samples, look_alike_samples
from tests.unit.secrets.innocent_samples import innocent
from tests.unit.secrets.reference import slow, texts
from tests.unit.secrets.secret_samples import planted

CARRIED = [carried_samples.COMMANDS, carried_samples.CODE, carried_samples.TEXTS, carried_samples.STATEMENTS]
ALIKE = [look_alike_samples.COMMANDS, look_alike_samples.CODE, look_alike_samples.TEXTS]
VALUES = [
    *(plant.value for plant in planted()),
    *(value for _, value in innocent()),
    *CARRIED,
    *(carried_samples.URLS, list(carried_samples.DATA.values())),
    *ALIKE,
    *(look_alike_samples.STATEMENTS, look_alike_samples.DATA),
]
SAMPLES = sorted({text for value in VALUES for text in texts(value) if text})
"""Each text with a credential, and each that looks like one."""

DOCUMENTS = [json.dumps(plant.value, indent=1) for plant in planted()]
WORDS = """
the is to are now for on this of (see it) with author's monkey turkey opinion passage decode tests pass keyboard
key code http page token password secret pin pw bearer login cle mot de passe create insert into select
authorization: Cookie: x-api-key: ApiKey OAuth basic aGFuczpnZWhlaW0= Sommer~24!x9 "h7$kLm22p!" h7$kLm22p!,
abcdef0123456789abcdef http sshpass -u -p vault login kv put -a --auth a=Sommer~24!x9 printf kinit sudo -S
pass; user,password mia,Sommer~24!x9 |pin| |4711| passwords: kind: Secret data: _auth _auth= aGFuczpnZWhlaW0= basic.x
_Basic
://mia:Sommer24x@shop.example &amp;token=abcdef0123456789abcdef ?key=abc --password=Sommer24x -b sid=abcdef0123456789
db:5432:shop:mia:Sommer24x key: | password= {Sommer24x} Cle CLE artiClE Winter24x, is: p4sS
-> => := = : - -- ->= |  ' " , ; ( ) < docker set echo curl clé schlüssel İ \u212a
"""
PROSE = st.lists(st.sampled_from([*WORDS.split(), "\n", "\\\n", "\t"]), max_size=14).map(" ".join)
SIGNS = st.text(alphabet="abkeypin:=-> ;{'\"()\t\n\\.,_|<", max_size=30)


@st.composite
def pieces(draw: st.DrawFn) -> str:
    """Return a sample, or a part of it."""
    text = draw(st.sampled_from(SAMPLES))
    start = draw(st.sampled_from([0, 0, 0, len(text) // 3, len(text) // 2]))
    return text[start:]


MIXED = st.lists(st.one_of(pieces(), PROSE, SIGNS), min_size=1, max_size=7)


def test_there_are_samples_of_every_kind() -> None:
    """The tables are not empty by mistake."""
    assert len(SAMPLES) > 1000


LINES = "The table is set, see http://shop.example/a-b for it.\nSay echo | or docker\n" * 6


@pytest.mark.parametrize("before", ["", "Please note: the author's key page. " * 12, "Ümläut und Wörter. " * 20, LINES])
def test_every_sample_alone_and_in_a_long_text(before: str) -> None:
    """The same credentials are found as when every pattern searches the whole text."""
    for sample in (*SAMPLES, *DOCUMENTS):
        assert find(before + sample) == slow(before + sample), sample


@settings(max_examples=150, deadline=None)
@given(parts=MIXED, between=st.sampled_from([" ", "\n", "", ": ", " is ", "="]))
def test_samples_among_prose_and_signs(parts: list[str], between: str) -> None:
    """Neither the words around a credential nor other signs hide it."""
    text = between.join(parts)
    assert find(text) == slow(text)


@settings(max_examples=150, deadline=None)
@given(parts=MIXED, between=st.sampled_from(["\n", " \n", "\\\n", " | \n"]))
def test_samples_among_lines(parts: list[str], between: str) -> None:
    """The lines that are left out have no command with a credential."""
    text = between.join([LINES, *parts, "It is in the basic set."])
    assert find(text) == slow(text)


@st.composite
def command_lines(draw: st.DrawFn) -> str:
    """Return a command of one of the programs, with the words that one of its rules needs."""
    program = draw(st.sampled_from(sorted(in_commands._lines())))
    rule = draw(st.sampled_from(in_commands._rules(program)))
    words = [draw(st.from_regex(word, fullmatch=True, alphabet=WORD_CHARACTERS)) for word in rule.words]
    words += [draw(st.from_regex(rule.option, fullmatch=True, alphabet=WORD_CHARACTERS))] if rule.option else []
    words += draw(st.lists(st.sampled_from(["mia", "shop", "-v"]), max_size=max(0, rule.skipped)))
    value = rule.value.pattern.replace("(.+)", "Sommer24x!Zug88Qw").replace("(.+?)", "mia")
    words.append(re.sub(r"\(\[\^.+?\]\+\)", "mia", value).replace("\\", ""))
    quote = draw(st.sampled_from(["", "'", '"']))
    return " ".join(
        [
            draw(st.sampled_from([program, program.upper(), f"/bin/{program}"])),
            *(f"{quote}{word}{quote}" for word in words),
        ]
    )


WORD_CHARACTERS = st.characters(min_codepoint=33, max_codepoint=126)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(command=command_lines(), after=st.sampled_from(["", " | cat", " \\\n -v", " -u mia -p 7Sommer!x"]))
def test_a_command_among_lines(command: str, after: str) -> None:
    """Every rule of every program finds its credential on a line among others, as it does in the whole text."""
    text = f"{LINES}{command}{after}\n{LINES}"
    assert find(text) == slow(text), command


@settings(max_examples=150, deadline=None)
@given(parts=MIXED, place=st.integers(0, 40))
def test_names_before_signs_are_those_of_the_pattern(parts: list[str], place: int) -> None:
    """The next assignment to a credential's name is the first of those that the pattern finds."""
    text = " ".join(parts)
    found, expected = in_text._assigned(text, place), in_text._ASSIGNED.search(text, place)
    while found and in_text._named(found["key"]) is None:
        found = in_text._assigned(text, max(found.end("key"), found.start() + 1))
    while expected and in_text._named(expected["key"]) is None:
        expected = in_text._ASSIGNED.search(text, max(expected.end("key"), expected.start() + 1))
    assert (found and found.span()) == (expected and expected.span())


NAMES = [
    "mot de passe du compte",
    "pin of the day for",
    "key",
    "x code y z w",
    "aa bb cc dd key",
    "aa bb cc dd ee pin",
    "f.g-h",
]
TOLD = st.lists(st.sampled_from([*NAMES, *WORDS.split(), "is", "to", "(x)", "\n"]), min_size=1, max_size=20)


@settings(max_examples=150, deadline=None)
@given(words=TOLD, place=st.integers(0, 40))
def test_hinted_names_before_verbs_are_those_of_the_pattern(words: list[str], place: int) -> None:
    """The next sentence about a credential is the first of those that the pattern finds."""
    text = " ".join(words).encode("ascii", "ignore").decode()
    hinted = in_text._hinted(text)
    found, expected = in_text._told(text, place, hinted), in_text._IN_PROSE.search(text, place)
    while found and not _is_told(found):
        found = in_text._told(text, _after_first_word(found), hinted)
    while expected and not _is_told(expected):
        expected = in_text._IN_PROSE.search(text, _after_first_word(expected))
    assert (found and found.span()) == (expected and expected.span())


def _is_told(found: re.Match[str]) -> bool:
    """Return whether what follows the verb may be a credential of some kind."""
    kinds: tuple[Family, ...] = ("password", "token", "pin")
    value = in_text._span(found, "password").secret
    return hints.is_hinted(found["key"]) and (bool(found["quoted"]) or any(is_told(value, kind) for kind in kinds))


def _after_first_word(found: re.Match[str]) -> int:
    return max(found.start() + 1, found.start("key") + len(re.split(r"[ \u2019']", found["key"])[0]))


GATES: list[tuple[re.Pattern[str], Callable[[str], object]]] = [
    (in_statements._SQL, lambda text: may_match(text, in_statements._WORDS)),
    (in_statements._ASSIGNED, lambda text: may_match(text, ("identified",))),
    (in_statements._REPLACED, lambda text: may_match(text, ("identified",))),
    (in_statements._SECRET_STATEMENT, lambda text: may_match(text, ("secret",))),
    (in_statements._INSERT, lambda text: may_match(text, ("insert", "into"))),
    (in_statements._TABLE_FUNCTION, lambda text: may_match(text, ("postgresql", "mysql", "mongodb"))),
    (in_statements._STORAGE_FUNCTION, lambda text: may_match(text, in_statements._STORAGES)),
    (in_statements._PROCEDURE, lambda text: may_match(text, ("sp_",))),
    (in_statements._HASHED, in_statements._OPENS.search),
    (in_urls._PATH, lambda text: may_match(text, in_urls._HOSTS_OF_PATHS)),
    (in_code._TYPED, in_code._OPENS.search),
    (in_code._SETTER, in_code._OPENS.search),
    (in_code._LOGIN, lambda text: in_code._NEXT.search(text) and may_match(text, in_code._LOGIN_WORDS)),
    (in_code._CONNECTION, lambda text: in_code._NEXT.search(text) and may_match(text, ("connect",))),
    (in_code._MANAGER, lambda text: in_code._NEXT.search(text) and may_match(text, ("password",))),
    (in_documents._NAMED, in_documents._VALUE_AFTER.search),
    (in_documents._NETRC, lambda text: may_match(text, ("password",))),
    (in_documents._BLOCK, in_documents._BLOCK_OPENS.search),
    (in_documents._SECTION, in_documents._SECTION_OPENS.search),
    (in_documents._PGPASS, in_documents._PGPASS_PORT.search),
    (in_documents._DIRECTIVE, lambda text: may_match(text, ("requirepass", "masterauth"))),
]


def _alternatives(text: str) -> str:
    """Return a pattern without its long repetitions, so that each of its alternatives is drawn often."""
    return re.sub(r"\{(\d+),(\d{2,4})\}", lambda found: f"{{{found[1]},{int(found[1]) + 2}}}", text)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.parametrize(("pattern", "gate"), GATES)
def test_a_text_that_matches_is_searched(
    pattern: re.Pattern[str], gate: Callable[[str], object], data: st.DataObject
) -> None:
    """Every text in which a pattern can match has one of the words, or the sign, that is looked for first."""
    text = data.draw(st.from_regex(_alternatives(pattern.pattern), alphabet=st.characters(max_codepoint=127)))
    assert gate(text), text


CLAUSES = [
    *("identified by", "password(", "encrypted password", "passwd", "secret", "secret_access_key", "aws_secret_key"),
    *("access_key_id", "session_token", "sas_token", "connection_string", "passphrase", "passcode", "encryption_key"),
    *("master_key", "pgp_sym_encrypt(x,", "aes_decrypt(x,", "encryptbypassphrase(", "set password for mia ="),
]
PATHS = [
    *("/bot123456789:", "/api_key/", "/apikey/", "/key/", "/token/", "maker.ifttt.com/use/", ".infura.io/v3/"),
    *(".alchemyapi.io/v2/", ".alchemy.com/ws/v2/", ".quiknode.pro/", "hook.eu1.make.com/", "hook.integromat.com/"),
    *("events.pagerduty.com/integration/", "loggly.com/inputs/", "webexapis.com/v1/webhooks/incoming/"),
    *("open.feishu.cn/open-apis/bot/v2/hook/", "open.larksuite.com/open-apis/bot/v2/hook/"),
    *("qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", "alert.victorops.com/integrations/generic/2/alert/"),
    *("/private-0123456789abcdef0123456789abcdef/basic.ics /key/", "hc-ping.com/0123456789012345678901/"),
    *("://a.b.com/hooks/0123456789abcdefghijklmnop /key/", "://a.b.com/hooks/ABCDEFGHIJKLMNOPQ/"),
]


@pytest.mark.parametrize("clause", CLAUSES)
def test_each_clause_is_searched_for(clause: str) -> None:
    """No word before a credential in SQL is left out."""
    text = f"{clause.upper()} 'Winter-24x'"
    assert in_statements._SQL.search(text)
    assert may_match(text, in_statements._WORDS)


@pytest.mark.parametrize("path", PATHS)
def test_each_path_is_searched_for(path: str) -> None:
    """No service that takes a key in the path is left out."""
    text = f"see https://x.{path}0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789"
    assert in_urls._PATH.search(text)
    assert may_match(text, in_urls._HOSTS_OF_PATHS)


def test_a_name_has_up_to_five_words() -> None:
    """A name begins at the first of five words before the sign or the verb."""
    for text in ("aa bb cc api key: Winter-24x", "aa bb cc api key is Winter-24x"):
        found = in_text._assigned(text, 0) or in_text._told(text, 0, in_text._hinted(text))
        assert found is not None
        assert found["key"] == "aa bb cc api key"


BESIDE = st.lists(
    st.one_of(
        st.sampled_from(["password", "the", "r2!xQ9#z", "b'", "'", '"', " ", "\t", "\\", "x1!", "„", "”", ",", "(a1?"]),
        SIGNS,
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(words=BESIDE, between=st.sampled_from(["", " ", "\t"]))
def test_values_beside_a_name_are_those_of_the_pattern(words: list[str], between: str) -> None:
    """Each value that the pattern finds is found, if it is in quotes or has a digit and a sign."""
    text = between.join(words)
    found = {match.span(match.lastgroup or 0) for match in in_text._values_beside(text)}
    for match in in_text._BESIDE.finditer(text):
        if match["quoted"] or in_text._UNLIKE_A_WORD.fullmatch(in_text._span(match, "password").secret):
            assert match.span(match.lastgroup or 0) in found


@pytest.mark.parametrize(
    "line",
    [
        "config set db.password R2!xQ9zz7",
        "put 'api_token' Zx81-Qw72-Er63",
        "create [secret: Zx81Qw72Er63]",
        "set \"db.passwd\" 'R2!xQ9zz7'",
        "mytool -u mia -p R2!xQ9zz7",
        "mytool login --username mia -v -p R2!xQ9zz7",
    ],
)
def test_a_setting_among_lines_with_the_word_set(line: str) -> None:
    """A line is searched if it has a word such as "set" and the name of a credential, or ``-p`` and a user."""
    prose = "The table is set for two, and the box is put beside it.\n" * 12
    assert list(map(str, find(f"{prose}{line}\n{prose}"))) == list(map(str, slow(f"{prose}{line}\n{prose}")))
    assert find(f"{prose}{line}\n{prose}")


@pytest.mark.parametrize("sign", "!@$%^&*+?~§€£")
def test_each_sign_that_no_word_has_is_looked_for(sign: str) -> None:
    """A credential that follows its name directly is found by any of the signs in it, where the pattern finds one."""
    for value in (f"So{sign}mmer24x", f"Sommer24{sign}x", f"S4{sign}mmer-rain.x"):
        text = f"Please log in with password {value} today"
        assert find(text) == slow(text)
        assert sign == "&" or [span.secret for span in find(text)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Basic aGFuczpnZWhlaW1uaXM=",
        "PROXY-AUTHORIZATION: Digest abcdef0123456789abcdef",
        "Cookie: session=abcdef0123456789abcdef",
        "x-vault-token: hvx.abcdef0123456789abcdef",
        "Api-Key: abcdef0123456789abcdef",
        "apikey: abcdef0123456789abcdef",
        *(
            f"for auth use {name} abcdef0123456789abcdef"
            for name in ("Bearer", "BEARER", "Token", "ApiKey", "SSWS", "GenieKey", "OAuth")
        ),
        "use basic aGFuczpnZWhlaW1uaXM= there",
    ],
)
def test_each_header_is_looked_for(text: str) -> None:
    """A header with a credential, and a scheme before one, is found among other words, too."""
    for around in ("{}", "The answer was fine, see {}\nand more", "Ü {}\nÜ"):
        whole = around.format(text)
        assert find(whole)
        assert find(whole) == slow(whole)
