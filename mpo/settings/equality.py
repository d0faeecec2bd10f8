"""Codes shown equal: edits of the code after which a study's runs still stand.

A digest tells that code was edited, not that a result changed. Where the first steps of a run come
out equal by byte under both codes (`mpo verify --same-as`), the study's manifest records it as an
`Equality`, and the runs that the old code trained stand for the new one. Equalities chain: a later
edit adds another one, from a digest that was reached to a new one. They hold for a variant on a
task, since the digest covers what that one executes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mpo.settings.validation import SettingsError

KEY = "equal_codes"
"""Of `manifest.json`, where there are any."""
MANIFEST = "manifest.json"


class Equality(BaseModel):
    """That runs of `variant` on `task` begin with the same bytes under two codes, and how shown."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    task: str
    variant: str
    old_code_digest: str
    new_code_digest: str
    commit: str
    """Where the old code is."""
    seed: int
    steps: int
    """Control steps that were trained by both."""
    updates: int
    lowered: dict[str, int]
    """The settings that were lowered for it, steps apart."""
    compiled: bool
    processor: str
    date: str
    """Day in UTC, as 2025-01-31."""


def equalities(file: Path) -> tuple[Equality, ...]:
    """Those that a manifest records, in the order in which they were shown.

    None where no such file can be read. Raises `SettingsError` where it is no manifest.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        return ()
    except ValueError as error:
        raise SettingsError(str(file), str(file), f"it is not JSON ({error})") from None
    listed = content.get(KEY, []) if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise SettingsError(f"{file}: {KEY}", listed, "it is a list of codes shown equal")
    return tuple(_equality(f"{file}: {KEY}.{place}", entry) for place, entry in enumerate(listed))


def entries(shown: Iterable[Equality]) -> dict[str, Any]:
    """What a manifest says of them: nothing where there are none."""
    listed = [one.model_dump() for one in shown]
    return {KEY: listed} if listed else {}


def equal_codes(shown: Iterable[Equality], task: str, variant: str, digest: str) -> set[str]:
    """The digests of all codes shown equal to that of `digest` for `variant` on `task`; itself too.

    Whatever asks whether a run's files may stand asks this.
    """
    links = [
        {one.old_code_digest, one.new_code_digest}
        for one in shown
        if (one.task, one.variant) == (task, variant)
    ]
    found = {digest}
    while new := set().union(*(link for link in links if link & found)) - found:
        found |= new
    return found


def manifest_of(run_dir: Path) -> Path:
    """The manifest of the study that a run's folder is part of, as runs/TASK/VARIANT/SEED."""
    return Path(os.path.normpath(run_dir / "../../../.." / MANIFEST))


def _equality(where: str, entry: Any) -> Equality:
    try:
        return Equality.model_validate(entry)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join([where, *map(str, fault["loc"])])
        raise SettingsError(place, fault["input"], fault["msg"]) from None
