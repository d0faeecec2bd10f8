"""Pictures and films as addresses that hold them, smaller than their files where that shows not.

A film becomes a WebP of a quarter of its GIF's size, a large PNG one without loss. The files of the
study stay as they are.
"""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

from PIL import Image

KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".gif": "image/gif"}
"""What may be inlined."""
LARGE_PNG = 60_000
"""Bytes from which on it is worth its time to write a PNG anew."""
DRAWN_DPI, SHOWN_DPI = 150, 108
"""Of figures as PNG, and in the page, whose width then holds four panels."""
FILM: dict[str, Any] = {"save_all": True, "quality": 50, "method": 2}
PICTURE: dict[str, Any] = {"lossless": True, "quality": 60, "method": 2}


def inlined(path: Path) -> str:
    """The content of a file of one of `KINDS`, as the address of an image."""
    content, kind = path.read_bytes(), KINDS[path.suffix]
    options = FILM if path.suffix == ".gif" else PICTURE
    if path.suffix == ".gif" or (path.suffix == ".png" and len(content) > LARGE_PNG):
        smaller = _webp(content, options)
        if smaller is not None and len(smaller) < len(content):
            content, kind = smaller, "image/webp"
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def width(path: Path) -> int | None:
    """Pixels that a figure is shown at, so that letters are as large in one as in another.

    None where its size cannot be read.
    """
    if path.suffix == ".svg":
        found = re.search(r'<svg[^>]*? width="([0-9.]+)pt"', path.read_text(encoding="utf-8"))
        return round(float(found.group(1)) / 72 * SHOWN_DPI) if found else None
    try:
        with Image.open(path) as picture:
            return round(picture.width / DRAWN_DPI * SHOWN_DPI)
    except OSError:
        return None


def _webp(content: bytes, options: dict[str, Any]) -> bytes | None:
    """The same picture; None where it cannot be read, which a browser then shows."""
    written = io.BytesIO()
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.save(written, "webp", **options)
    except (OSError, ValueError):
        return None
    return written.getvalue()
