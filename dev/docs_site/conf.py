"""Sphinx's settings for the documentation site. ``dev/site`` builds it from ``dev/``, so that links between pages hold.

Only the pages that ``toc.yml`` lists, and those that they link to, are part of the site.
"""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "airflow_provider_vai/__init__.py"

project = "airflow-provider-vai"
author = "the authors of airflow-provider-vai"
project_copyright = author
version = release = re.findall(r'__version__ = "([^"]+)"', PACKAGE.read_text("utf-8"))[0]

root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "adr/**.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "README.md",
    "bench_parse/README.md",
    "bench_derive/README.md",
]
exclude_patterns = ["docs/kinds/**"]  # parts of the generated page kinds.md
html_extra_path = [str(HERE / "start")]

extensions = ["myst_parser", "sphinx_copybutton", "sphinx_external_toc"]
external_toc_path = str(HERE / "toc.yml")
external_toc_exclude_missing = False
myst_heading_anchors = 4
myst_enable_extensions = ["linkify"]
myst_linkify_fuzzy_links = False
copybutton_exclude = ".linenos, .gp, .go"
suppress_warnings = ["misc.highlighting_failure", "toc.not_included"]

html_theme = "furo"
html_title = "airflow-provider-vai"
html_show_sphinx = False
html_copy_source = False
