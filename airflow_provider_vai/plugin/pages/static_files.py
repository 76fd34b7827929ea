"""The style sheet and the scripts of the pages. Their address contains their digest, so browsers may keep them."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Response

TYPES = {
    "page.css": "text/css",
    "theme.js": "text/javascript",
    "page.js": "text/javascript",
    "answer.js": "text/javascript",
    "vai.svg": "image/svg+xml",
}
FILES = {
    name: resources.files("airflow_provider_vai.plugin.pages").joinpath("static", name).read_bytes() for name in TYPES
}
DIGEST = hashlib.sha256(b"\0".join(FILES.values())).hexdigest()[:16]

router = APIRouter(prefix="/ui/static", include_in_schema=False)


@router.get("/{digest}/{name}", response_class=Response)
def static_file(digest: str, name: Annotated[str, Path(max_length=40)]) -> Response:
    """Serve one of the files. They contain nothing of an automation, so everybody may load them."""
    if name not in FILES:
        raise HTTPException(404, "there is no such file")
    kept = "public, max-age=31536000, immutable" if digest == DIGEST else "no-store"
    headers = {"Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
    return Response(FILES[name], headers=headers, media_type=TYPES[name])
