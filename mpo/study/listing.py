"""The variants as a table for a reader: what each changes in its base, and where that is from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tabulate import tabulate

from mpo.study.entries import CONFIG, Variant, load_variants

HEADERS = ("variant", "base", "change", "settings", "source")
WIDTHS = [None, None, 36, 40, 24]


def variants_table(file: Path = CONFIG / "variants.yaml") -> str:
    """The variants of `file`, one row each, in its order; below, those that tricks stand for.

    Raises `ConfigError`.
    """
    variants = load_variants(file)
    rows = [_row(variant, variants) for variant in variants.values() if not variant.generated]
    table = tabulate(rows, HEADERS, tablefmt="simple_grid", maxcolwidths=WIDTHS)
    generated = (f"{v.name}: {v.change}" for v in variants.values() if v.generated)
    return "\n".join([table, *generated])


def differences(variant: Variant, variants: Mapping[str, Variant]) -> dict[str, Any]:
    """The settings in which `variant` differs from its base, in the order of the file."""
    based = variant.base is not None and (
        bool(variants[variant.base].external) == bool(variant.external)
    )
    base = variants[variant.base].settings if variant.base and based else {}
    return {
        field: value
        for field, value in variant.settings.items()
        if field not in base or base[field] != value
    }


def _row(variant: Variant, variants: Mapping[str, Variant]) -> list[str]:
    changed = differences(variant, variants)
    settings = ", ".join(f"{field} {json.dumps(value)}" for field, value in changed.items())
    if variant.external:
        trained = "trained by " + ", ".join(file.name for file in variant.external)
        settings = "; ".join(filter(None, [trained, settings]))
    return [variant.name, variant.base or "", variant.change, settings, variant.source]
