"""Reads pages as tests look at them: their texts, links, forms and fields, and what no page may contain."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "link", "input", "br", "hr", "img", "col", "wbr"}


@dataclass
class Element:
    """An element: its tag, its attributes, its children and texts in order."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside, as it is."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def words(self) -> str:
        """The text on one line."""
        return " ".join(self.text.split())

    def find(self, tag: str, **attributes: str) -> list[Element]:
        """Return the elements with a tag and attributes, in their order; a name may end in ``_``."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag and all(child.attributes.get(name) == value for name, value in wanted.items()):
                    found.append(child)
                found += child.find(tag, **attributes)
        return found

    def fields(self) -> dict[str, str]:
        """Return what a browser sends for a form that nobody touched."""
        sent = {}
        for one in self.find("input"):
            kind = one.attributes.get("type") or "text"
            if one.attributes.get("name") and (kind not in ("checkbox", "radio") or "checked" in one.attributes):
                sent[str(one.attributes["name"])] = one.attributes.get("value") or ""
        for one in self.find("textarea"):
            sent[str(one.attributes["name"])] = one.text.removeprefix("\n")
        for one in self.find("select"):
            options = one.find("option")
            chosen = [option for option in options if "selected" in option.attributes] or options[:1]
            sent.update({str(one.attributes["name"]): _value(option) for option in chosen})
        return sent


def _value(option: Element) -> str:
    value = option.attributes.get("value")
    return option.words if value is None else value


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read_page(answer: Any) -> Element:
    """Return the elements of an answer that is a page, after checking what no page may break.

    There is no inline script or style, no address is absolute, and the headers allow only what the pages need.
    """
    assert answer.headers["content-type"].startswith("text/html"), answer.text[:500]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "same-origin"
    reader = _Reader()
    reader.feed(answer.text)
    assert len(reader.open) == 1, reader.open[-1].tag
    for element in _all(reader.root):
        _check(element)
    return reader.root


def _all(element: Element) -> list[Element]:
    inner = [child for child in element.children if isinstance(child, Element)]
    return inner + [one for child in inner for one in _all(child)]


def _check(element: Element) -> None:
    assert element.tag not in ("style", "base", "object", "embed")
    if element.tag == "script":
        assert not element.text.strip()
    for name, value in element.attributes.items():
        assert name != "style", value
        assert not name.startswith("on"), (name, value)
        if name in ("href", "src", "action"):
            assert not (value or "").startswith(("/", "http:", "https:", "javascript:", "data:")), (name, value)
