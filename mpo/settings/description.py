"""What a reader is told of a setting: all of it read where the setting is made.

The text is the field's docstring, type and range are its annotation's, as JSON Schema has them,
and what an option means is the first line of its module's docstring.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from mpo.settings.combinations import protocols
from mpo.settings.fields import SECTIONS
from mpo.settings.modules import meaning
from mpo.settings.options import OPTION_PACKAGES, options
from mpo.settings.validation import Settings, SettingsError, no_such_field

TYPES = {
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "string": "text",
    "object": "mapping from names to plain values",
    "null": "null",
}
BOUNDS = {
    "minimum": "of at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


class Choice(NamedTuple):
    """One of the values of a field that has a few."""

    name: str
    meaning: str


class Description(NamedTuple):
    """One field of the settings, in words."""

    field: str
    section: str
    description: str
    """What it does, with its equation or source."""
    allowed: str
    """Type and range."""
    default: Any
    """As a JSON value."""
    protocols: str
    """Which protocols read it, where not all read any value; else ""."""
    options: tuple[Choice, ...]
    """What it may be, where that is a list of names."""

    def as_json(self) -> dict[str, Any]:
        """As JSON values, options as objects."""
        return {**self._asdict(), "options": [choice._asdict() for choice in self.options]}


def descriptions() -> tuple[Description, ...]:
    """All fields, in the order of their sections."""
    return tuple(describe(name) for section in SECTIONS for name in section.model_fields)


def describe(name: str) -> Description:
    """The field `name`. Raises `SettingsError`, with the nearest name, where there is none."""
    if name not in Settings.model_fields:
        every = "`python -m mpo settings` lists them all"
        raise SettingsError("FIELD", name, no_such_field(name) + every)
    schema = _schemas()[name]
    section = next(each.section for each in SECTIONS if name in each.model_fields)
    choices = _choices(name, schema)
    return Description(
        name,
        section,
        " ".join(schema.get("description", "").split()),
        ", ".join(choice.name for choice in choices) or _allowed(schema),
        schema["default"],
        protocols(name),
        choices,
    )


def _choices(name: str, schema: Mapping[str, Any]) -> tuple[Choice, ...]:
    if name in OPTION_PACKAGES:
        return tuple(Choice(each, meaning(name, each)) for each in options(name))
    told = schema.get("options", {})
    return tuple(Choice(each, told.get(each, "")) for each in schema.get("enum", ()))


def _allowed(schema: Mapping[str, Any]) -> str:
    """Type and range of a property in JSON Schema: "number of at least 0 and below 1"."""
    if "anyOf" in schema:
        return ", or ".join(_allowed(each) for each in schema["anyOf"])
    if "items" in schema:
        least = f" of at least {schema['minItems']}" if "minItems" in schema else ""
        return f"list{least}, each {_allowed(schema['items'])}"
    if "$ref" in schema:
        parts = Settings.model_json_schema()["$defs"][schema["$ref"].rpartition("/")[2]]
        return f"mapping with {', '.join(parts['properties'])}"
    bounds = [f"{word} {schema[key]:g}" for key, word in BOUNDS.items() if key in schema]
    return f"{TYPES[schema['type']]} {' and '.join(bounds)}".strip()


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    """The fields' properties in JSON Schema."""
    return Settings.model_json_schema()["properties"]
