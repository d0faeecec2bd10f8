"""The values of a setting that an entry sweeps: variants of their own, of which one list tells.

An entry of variants.yaml may list values of settings under `sweep`. For each there is one variant
more, called `<entry>@<field>=<value>`: the entry with that one setting changed. Several fields are
swept one at a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mpo.study.yaml_files import ConfigError

NAMED = re.compile(r"[A-Za-z0-9_.+-]+")
"""What a value must be written as, since it becomes part of a folder's name."""
IN_RULES = str.maketrans({".": "p", "-": "m", "+": ""})
"""How the signs of a value are written in a rule's name, which is an identifier."""


class Swept(NamedTuple):
    """The setting by which a variant differs from its base, and its value."""

    field: str
    value: Any


def swept(name: str, entry: dict[str, Any], file: Path) -> Iterator[tuple[str, Swept, str]]:
    """Each variant's name, what it changes, and where in the file that stands.

    Raises `ConfigError` for a value that cannot be part of a name, or is listed twice.
    """
    for field, values in (entry.get("sweep") or {}).items():
        seen: set[str] = set()
        for index, value in enumerate(values):
            path = f"{name}.sweep.{field}.{index}"
            text = value if isinstance(value, str) else json.dumps(value)
            if not NAMED.fullmatch(text):
                allowed = "a number, true, false, null or a name, since a folder is named after it"
                raise ConfigError(file, path, value, allowed)
            if text in seen:
                raise ConfigError(file, path, value, "it is in the list already")
            seen.add(text)
            yield f"{name}@{field}={text}", Swept(field, value), path


def rule_name(variant: str) -> str:
    """The name of the rule that trains `variant`, as train_mine__backup_beta_0p5."""
    name, swept, rest = variant.partition("@")
    field, _, value = rest.partition("=")
    sweep = f"__{field.replace('.', '_')}_{value.translate(IN_RULES)}" if swept else ""
    return f"train_{name}{sweep}"
