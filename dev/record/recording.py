"""Write what a recording script recorded, without the paths of the machine."""

from __future__ import annotations

import json
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any


def write(path: Path, document: Any, default: Callable[[Any], Any] | None = None, *, indent: int | None = 1) -> None:
    """Write a recording as JSON text.

    :param path: the file.
    :param default: converts a value that is not JSON, see :func:`json.dumps`.
    :param indent: the indentation, see :func:`json.dumps`; ``None`` writes one item a line.
    """
    if indent is None:
        items = document if isinstance(document, list) else [document]
        text = ",\n".join(json.dumps(item, default=default, ensure_ascii=False) for item in items) + "\n"
        text = f"[\n{text}]\n" if isinstance(document, list) else text
    else:
        text = json.dumps(document, default=default, indent=indent) + "\n"
    here = {
        sysconfig.get_path("purelib"): "/usr/lib/python3/site-packages",
        sysconfig.get_path("stdlib"): "/usr/lib/python3",
        str(Path(__file__).resolve().parents[2]): "/srv/agent",
        sys.prefix: "/usr",
        str(Path.home()): "~",
    }
    for folder, neutral in sorted(here.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(folder, neutral)
    path.write_text(text, encoding="utf-8")
