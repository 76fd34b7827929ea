"""The form in which a step names a Python function. Operators check it when a DAG file is parsed."""

from __future__ import annotations

import re

FORM = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*", re.ASCII)
"""``package.module:function``; the function may be an attribute of a class."""
