"""Codes shown equal, made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mpo.settings.equality import KEY, MANIFEST, Equality


def shown(old: str, new: str, **changes: Any) -> Equality:
    """That the codes of two digests are equal for `paper` on `toy`."""
    made = {
        "task": "toy",
        "variant": "paper",
        "old_code_digest": old,
        "new_code_digest": new,
        "commit": "0123456789abcdef",
        "seed": 0,
        "steps": 160,
        "updates": 34,
        "lowered": {"logging_updates": 8},
        "compiled": False,
        "processor": "made up",
        "date": "2025-01-31",
    }
    return Equality.model_validate(made | changes)


def record(folder: Path, *equalities: Equality) -> None:
    """Put `equalities` into the manifest in `folder`, which need not be there."""
    file = folder / MANIFEST
    manifest = json.loads(file.read_text()) if file.exists() else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(manifest | {KEY: [one.model_dump() for one in equalities]}))
