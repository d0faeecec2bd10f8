"""What the variants of a study change: in words, and setting by setting."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mpo.evaluation.reading.manifest import Manifest
from mpo.evaluation.showing import tables
from mpo.settings import Settings

DEFAULTS = "the defaults"
OTHERS = "its code's own"


def changes(manifest: Manifest) -> str:
    """A row a variant, in words."""
    return tables.markdown(
        pd.DataFrame(
            {
                "variant": variant.name,
                "base": variant.base or "",
                "what it changes": variant.change,
                "source": variant.source,
            }
            for variant in manifest.variants.values()
        )
    )


def settings(manifest: Manifest) -> list[str]:
    """A row for each setting in which a variant differs from its base, or from the defaults.

    A base that the study has not trained counts as the defaults. External variants have settings
    of their own code, of which defaults are unknown here, as are those of a base that is MPO.
    """
    rows = []
    for name in manifest.variants:
        base = manifest.base_of(name)
        external = manifest.variants[name].external
        same = external == (base is not None and manifest.variants[base].external)
        mine = _whole(manifest, name)
        theirs = _whole(manifest, base) if same else {}
        rows += [
            {
                "variant": name,
                "against": base or DEFAULTS if same else OTHERS,
                "setting": f"`{key}`",
                "value": _said(value),
                "there": _said(theirs.get(key)),
            }
            for key, value in mine.items()
            if value != theirs.get(key)
        ]
    alike = [name for name in manifest.variants if not any(row["variant"] == name for row in rows)]
    parts = [tables.markdown(pd.DataFrame(rows))] if rows else []
    if alike:
        named = ", ".join(f"`{name}`" for name in alike)
        parts.append(f"As its base, or as the defaults: {named}.")
    return parts


def _whole(manifest: Manifest, name: str | None) -> dict[str, Any]:
    """The settings of a variant, defaults included."""
    mine = manifest.variants[name].settings if name else {}
    if name and manifest.variants[name].external:
        return mine
    return {key: field.default for key, field in Settings.model_fields.items()} | mine


def _said(value: Any) -> str:
    return "none" if value is None else str(value)
