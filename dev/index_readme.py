"""The README for a package index: links that are relative in the repository lead to it from anywhere."""

from __future__ import annotations

import re
from pathlib import Path

LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)")
CODE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def for_index(text: str, repository: str, version: str) -> str:
    """Return the README with absolute links.

    A package index shows only this one file, so a relative link would lead nowhere there.

    :param text: the README of the repository.
    :param repository: the address of the repository, such as ``https://github.com/acme/vai``; empty: links become
        plain text, and pictures are left out.
    :param version: the version; links lead to the files of its tag, ``v<version>``.
    :return: the text.
    """

    def absolute(found: re.Match[str]) -> str:
        picture, words, target = found.groups()
        if not repository:
            return "" if picture else words
        kind = "raw" if picture else "tree" if target.endswith("/") else "blob"
        return f"{picture}[{words}]({repository.rstrip('/')}/{kind}/v{version}/{target})"

    parts = CODE.split(text)
    return "".join(part if number % 2 else LINK.sub(absolute, part) for number, part in enumerate(parts))


def write(folder: Path, repository: str, version: str) -> None:
    """Rewrite the README in a copy of the checkout.

    :param folder: the copy.
    :param repository: the address of the repository; may be empty.
    :param version: the version.
    """
    readme = folder / "README.md"
    text = for_index(readme.read_text("utf-8"), repository, version)
    if repository:
        text = text.replace("<this repository>", repository)
    readme.write_text(text, "utf-8")
