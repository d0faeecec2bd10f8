"""What a reader is told of a setting: all of it read where the setting is made.

The text is the field's docstring, type and range are its annotation's, as JSON Schema has them,
and what an option means is the first line of its module's docstring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from mpo.settings.combinations import protocols
from mpo.settings.fields import SECTIONS
from mpo.settings.modules import meaning
from mpo.settings.options import OPTION_PACKAGES, options
from mpo.settings.parameters import declared, kind_of
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
    """One field of the settings, or one parameter of an option, in words."""

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
    parameters: tuple[Description, ...] = ()
    """What its options declare, each as `backup.beta`."""

    def as_json(self) -> dict[str, Any]:
        """As JSON values, options and parameters as objects."""
        return {
            **self._asdict(),
            "options": [choice._asdict() for choice in self.options],
            "parameters": [each.as_json() for each in self.parameters],
        }


def descriptions() -> tuple[Description, ...]:
    """All fields, in the order of their sections."""
    return tuple(describe(name) for section in SECTIONS for name in section.model_fields)


def describe(name: str) -> Description:
    """The field `name`, or the parameter.

    Raises `SettingsError`, with the nearest name, where there is none.
    """
    if kind := kind_of(name):
        known = {each.field: each for each in describe(kind).parameters}
        if name not in known:
            allowed = f"parameters of {kind} are {', '.join(known)}" if known else "it has none"
            raise SettingsError("FIELD", name, f"no option of {kind} has it; {allowed}")
        return known[name]
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
        tuple(_parameters(name, section)) if name in OPTION_PACKAGES else (),
    )


def _parameters(field: str, section: str) -> Iterator[Description]:
    """The parameters of the options of `field`, those of the same name together."""
    found: dict[str, list[Description]] = {}
    for option in options(field):
        for name, schema in (
            declared(field, option).model_json_schema().get("properties", {}).items()
        ):
            text = f"Of {option}: {' '.join(schema['description'].split())}"
            told = section, text, _allowed(schema), schema["default"], "", ()
            found.setdefault(name, []).append(Description(f"{field}.{name}", *told))
    for alike in found.values():
        text = " ".join(each.description for each in alike)
        allowed = "; ".join(dict.fromkeys(each.allowed for each in alike))
        yield alike[0]._replace(description=text, allowed=allowed)


def _choices(name: str, schema: Mapping[str, Any]) -> tuple[Choice, ...]:
    if name in OPTION_PACKAGES:
        return tuple(Choice(each, meaning(name, each)) for each in options(name))
    told = schema.get("options", {})
    return tuple(Choice(each, told.get(each, "")) for each in schema.get("enum", ()))


def _allowed(schema: Mapping[str, Any]) -> str:
    """Type and range of a property in JSON Schema: "number of at least 0 and below 1"."""
    if "enum" in schema or "const" in schema:
        return ", ".join(map(str, schema.get("enum") or [schema["const"]]))
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
