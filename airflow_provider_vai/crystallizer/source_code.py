"""Recognises a run that only edits source code, which is work for a commit and not for a DAG."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_vai.model.kinds_coding import KINDS, SHELL
from airflow_provider_vai.secrets.patterns import deferred


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CODE = _words(
    "bash c cc clj cpp cs css cxx dart el erl ex exs f90 fs go gradle groovy h hpp hs htm html ipynb java jl js jsx kt"
    " less lua m mjs ml nix php pl pm ps1 proto py pyi r rb rs sass scala scss sh sol sql svelte swift tf toml ts tsx"
    " vim vue zig"
)
"""Endings of the names of source files."""

BESIDE_CODE = _words("adoc cfg gitignore ini json lock md mdx rst snap txt xml yaml yml")
"""Endings of files that are changed together with code."""

NO_ENDING = _words("codeowners dockerfile gemfile jenkinsfile justfile makefile procfile rakefile")

DEVELOPING = _words(
    "[ [[ actionlint awk bandit basename black biome bundle cargo cat cd clang-format cmake command composer coverage"
    " ctest cut date deno diff dirname dotnet du echo eslint export false file find flake8 gcc gem git go gofmt gradle"
    " grep head hatch isort jest jq just less ls make mkdir mvn mypy nox npm npx nl nproc pip pip3 pnpm poetry"
    " pre-commit prettier printf pwd pylint pyright pytest rake realpath rg rspec rubocop ruff rustc rustfmt rustup sed"
    " set shellcheck sleep sort stat tail tee test tox tr tree true tsc type uniq uv uvx vitest wc which xargs yarn"
)
"""Programs with which a developer looks at code, builds it and tests it."""

_STARTS = deferred(
    r"(?:^|&&|\|\|?|;|\n|\$\(|\bthen\b|\bdo\b|[({])\s*(?:\w+=\S*\s+)*([\w./\[+-]+)(?:(?=\s+(-m\s+)?(\S+)))?"
)
_MODULES = _words("black build compileall coverage flake8 mypy pip py_compile pytest ruff unittest")
_INTERPRETERS = deferred(r"(?:.*/)?(?:python[\d.]*|node)")
_LONGEST = 5_000


def only_edits_code(steps: Sequence[tuple[str, Mapping[str, Any]]]) -> bool:
    """Return whether the steps of a run change source files and otherwise only look at, build and test them.

    :param steps: the kind and the arguments of each step.
    """
    if any(kind not in KINDS for kind, _ in steps):
        return False
    endings = [_ending(str(values.get("path"))) for kind, values in steps if kind != SHELL]
    is_code = [ending in CODE or ending in NO_ENDING for ending in endings]
    others = [ending for ending, found in zip(endings, is_code, strict=True) if not found]
    commands = [str(values.get("command")) for kind, values in steps if kind == SHELL]
    return any(is_code) and BESIDE_CODE.issuperset(others) and all(map(_only_develops, commands))


def _ending(path: str) -> str:
    name = path.rpartition("/")[2].lower()
    return name if name in NO_ENDING else name.rpartition(".")[2]


def _only_develops(command: str) -> bool:
    """Return whether a command line has only programs of :data:`DEVELOPING`, as far as its text shows."""
    if len(command) > _LONGEST:
        return False
    text = re.sub(r"<<-?\s*['\"]?(\w+)['\"]?.*?^\s*\1\s*$", "", command, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\d?>&?\d?", " x ", text)
    for found in _STARTS.finditer(text):
        program, is_module, word = found[1].rpartition("/")[2], found[2], found[3]
        if _INTERPRETERS.fullmatch(program):
            if not (is_module and word in _MODULES):
                return False
        elif program not in DEVELOPING and not program.isdigit():
            return False
    return True
