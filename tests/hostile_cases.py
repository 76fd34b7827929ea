"""Hostile texts of our own, and a seeded stream of cases: a text field that holds one of them.

The texts try to run code, to be rendered as a template or page, to break out of quotes, to name files, or to be read
as another type. Each has a canary, which would be visible if it ran.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

CANARY = "vai_canary"
"""The name of the file that would be created, of the tag and of the attribute that would be on a page."""

CODE = (
    f"__import__('os').system('touch {CANARY}')",
    f"');__import__('os').system('touch {CANARY}');('",
    f'"""+__import__("os").system("touch {CANARY}")+"""',
    f"'''\nimport os\nos.mknod('{CANARY}')\n'''",
    f"\\\"\\'''+open('{CANARY}','w')#",
    f"\\\nopen('{CANARY}', 'w')",
    f"# -*- coding: utf-7 -*-\n+AG8AcABlAG4-('{CANARY}','w')",
    f"$(touch {CANARY})",
    f"`touch {CANARY}`",
    f"; touch {CANARY} #",
    f"%(open('{CANARY}','w'))s",
    f'f\'{{open("{CANARY}","w")}}\'',
    f"lambda: open('{CANARY}', 'w')",
    f"\r__import__('os').system('touch {CANARY}')\r",
    f"\x0c\x0bopen('{CANARY}','w')",
    f"\u2028open('{CANARY}','w')\u2029",
    "'; DROP TABLE users; --",
)
TEMPLATES = (
    "{{ 7 * 7 }}",
    "{% for x in range(3) %}x{% endfor %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{# comment #}",
    "{{ var.value.secret }}",
    "{{ conn.warehouse.password }}",
    "${7*7}",
    "<%= 7 * 7 %>",
    "#{7*7}",
    "{0.__class__}",
    "%s %(a)s %d",
    "{{",
    "}}",
    "{%",
    "{{ ds",
    "template('{{ ds }}')",
    "{'$from': ['a', 'b']}",
    '{"$param": "x"}',
)
PAGES = (
    f"<script>document.title='{CANARY}'</script>",
    f"<{CANARY}>",
    f"</title><{CANARY}>",
    f"</textarea><{CANARY}>",
    f"</script><{CANARY}>",
    f"</style><{CANARY}>",
    f"<img src=x onerror={CANARY}()>",
    f"'\"><svg onload={CANARY}()>",
    f"' on{CANARY}='x",
    f'" on{CANARY}="x',
    f"--><{CANARY}>",
    f"]]><{CANARY}>",
    f"[x](javascript:{CANARY}())",
    f"![x](https://example.invalid/{CANARY})",
    f"javascript:{CANARY}()",
    f"data:text/html,<{CANARY}>",
    "&lt;b&gt;&amp;amp;&#0;&#x110000;",
    "```\n# heading\n```",
    "| a | b |\n|---|---|",
    "# heading\n\n---\n\n> quote",
    "[link]: https://example.invalid",
)
CHARACTERS = (
    "\x00",
    "a\x00b",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x08\x08\x08",
    "\x7f\x80\x9f",
    "\u202eevil\u202c",
    "\u2066x\u2069",
    "\ufeffx",
    "\u200b\u200d",
    "e\u0301" * 5,
    "\U0001f469\u200d\U0001f4bb",
    "\ud800",
    "\udfff\ud800",
    "\uffff\ufffe",
    "\r\n\r\n",
    "\n",
    "\t",
    " ",
    "",
    "\\",
    "\\\\\\",
    "\\N{BULLET}\\u0041\\x41\\101",
    "'",
    '"',
    "'''",
    '"""',
    "'\"'\"'\"",
    "\u00e4\u00f6\u00fc\u00df",
    "\u0130\u0131\u017f\ufb01",
    "\u6f22\u5b57\u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "x" * 5000,
    "line\n" * 300,
)
TYPES = (
    "true",
    "False",
    "None",
    "null",
    "~",
    "NaN",
    "-Infinity",
    "1e400",
    "0x10",
    "0o17",
    "010",
    "1_000",
    "-0",
    "1.0",
    "2026-02-30",
    "2026-02-28T24:00:00Z",
    "12:30:45",
    "yes",
    "no",
    "on",
    "!!python/object/apply:os.system ['x']",
    "&a [*a]",
    "*a",
    "<<: *x",
    "---",
    "- a",
    "a: b",
    "%YAML 1.2",
    "@x",
    "`x",
    "@daily",
    "* * * * *",
)
NAMES = (
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "~root",
    "C:\\x",
    "CON",
    "a/b",
    "a" * 300,
    "__init__",
    "__class__",
    "__builtins__",
    "class",
    "import",
    "dag",
    "self",
    "with DAG() as x:",
    "file:///etc/passwd",
    "http://169.254.169.254/",
    "s3://user:pass@bucket",
    "-rf",
    "--help",
    "airflow",
)
TEXTS = (*CODE, *TEMPLATES, *PAGES, *CHARACTERS, *TYPES, *NAMES)


@dataclass(frozen=True)
class Case:
    """One field that holds one hostile text."""

    field: str
    text: str


def text(chance: random.Random) -> str:
    """Return a hostile text: one of the list, or several of them combined."""
    first = chance.choice(TEXTS)
    match chance.randrange(6):
        case 0 | 1:
            return first
        case 2:
            return first + chance.choice(TEXTS)
        case 3:
            return f"{chance.choice(('Orders ', 'https://shop.invalid/', 'SELECT '))}{first}"
        case 4:
            return (
                f"{first}{chance.choice((' ', chr(10), chr(0x2028), '_'))}{chance.choice(TEXTS)}{chance.randrange(99)}"
            )
        case _:
            at = chance.randrange(len(first) + 1)
            return first[:at] + chr(chance.choice((0, 10, 34, 39, 92, 123, 0x202E, 0xD800, 0x1F600))) + first[at:]


def cases(fields: tuple[str, ...], count: int, seed: int) -> Iterator[Case]:
    """Yield cases: each field with each text of the list in turn, then with combined ones."""
    chance = random.Random(seed)
    number = 0
    for one in TEXTS:
        for field in fields:
            if number < count:
                yield Case(field, one)
                number += 1
    while number < count:
        yield Case(fields[number % len(fields)], text(chance))
        number += 1


def together(found: Iterator[Case], alone: tuple[str, ...], most: int = 6) -> Iterator[list[Case]]:
    """Yield groups of cases with different fields, which one document can hold.

    :param found: The cases.
    :param alone: Fields whose texts are often refused: each is a group of its own.
    :param most: The most cases in a group.
    """
    group: list[Case] = []
    for case in found:
        if case.field in alone:
            yield [case]
            continue
        if len(group) == most or any(case.field == other.field for other in group):
            yield group
            group = []
        group.append(case)
    if group:
        yield group


class _Canaries(HTMLParser):
    """Looks for tags, attributes and links that only a hostile text can have made."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._is_script = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Check a tag."""
        self._is_script = tag in ("script", "style")
        if tag == CANARY:
            self.found.append(f"<{tag}>")
        for name, value in attributes:
            link = (value or "").strip().lower()
            if name.startswith("on") or (
                name in ("href", "src", "action") and link.startswith(("javascript:", "data:text"))
            ):
                self.found.append(f"<{tag} {name}={value!r}>")
            if name == "src" and CANARY in link:
                self.found.append(f"<{tag} {name}={value!r}>")

    def handle_endtag(self, tag: str) -> None:
        """Leave a tag."""
        self._is_script = False

    def handle_data(self, data: str) -> None:
        """Check the text of a script."""
        if self._is_script and CANARY in data:
            self.found.append(f"a script with {CANARY}")


def on_page(html: str) -> list[str]:
    """Return what hostile texts have made of a page; empty if they are shown as text."""
    parser = _Canaries()
    parser.feed(html)
    parser.close()
    return parser.found
