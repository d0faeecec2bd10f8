"""A run's settings, checked: typed, strict, frozen, each field and all of them together."""

from __future__ import annotations

import difflib
import hashlib
import json
from typing import Any

from pydantic import ValidationError, model_validator

from mpo.settings.combinations import disagreements
from mpo.settings.fields import Fields
from mpo.settings.options import OPTION_PACKAGES, options


class SettingsError(ValueError):
    """A setting that is unknown, out of range, or at odds with another one.

    `field` names it ("" when several are involved), `value` is what was given and `allowed`
    what would be right; the message holds all three.
    """

    def __init__(self, field: str, value: Any, allowed: str) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        named = field if field.isprintable() else repr(field)
        super().__init__(f"{named}: {value!r} is not allowed; {allowed}")


class Settings(Fields):
    """One run's settings. Unknown fields, wrong types and senseless combinations are refused."""

    @model_validator(mode="after")
    def _known_options(self) -> Settings:
        for field in OPTION_PACKAGES:
            allowed = options(field)
            if getattr(self, field) not in allowed:
                raise SettingsError(
                    field, getattr(self, field), f"allowed are {', '.join(allowed)}"
                )
        return self

    @model_validator(mode="after")
    def _fields_agree(self) -> Settings:
        for field, value, allowed in disagreements(self, self.differences()):
            raise SettingsError(field, value, allowed)
        return self

    def differences(self) -> dict[str, Any]:
        """The fields that differ from their defaults, as JSON values."""
        values = self.model_dump(mode="json")
        return {name: value for name, value in values.items() if value != _default(name)}

    def digest(self, *context: Any) -> str:
        """SHA-256 of the fields that differ from their baselines, and of `context`.

        A field's baseline is its default unless it declares `json_schema_extra={"baseline":
        ...}`. Whoever changes a default keeps the old one as the baseline, so that no digest
        of an earlier run comes to name other settings; a test pins the baselines. A new field
        changes no digest until it is set.
        """
        values = self.model_dump(mode="json")
        fields = {name: value for name, value in values.items() if value != baseline(name)}
        canonical = json.dumps([fields, *context], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def _default(name: str) -> Any:
    value = Settings.model_fields[name].default
    return list(value) if isinstance(value, tuple) else value


def baseline(name: str) -> Any:
    """The value at which `name` leaves the digest unchanged: its default or declared baseline."""
    extra = Settings.model_fields[name].json_schema_extra
    if isinstance(extra, dict) and "baseline" in extra:
        return extra["baseline"]
    return _default(name)


def settings(values: dict[str, Any]) -> Settings:
    """The settings with `values` in place of their defaults.

    Raises `SettingsError`, naming the field, its value and what is allowed, for the first fault.
    """
    unknown = sorted(set(values) - set(Settings.model_fields))
    if unknown:
        known = f"fields are {', '.join(sorted(Settings.model_fields))}"
        raise SettingsError(unknown[0], values[unknown[0]], no_such_field(unknown[0]) + known)
    try:
        return Settings(**values)
    except ValidationError as error:
        raise _first_fault(error) from None


def no_such_field(name: str) -> str:
    """That no field is called `name`, and which one has the nearest name; more may follow."""
    close = difflib.get_close_matches(name, Settings.model_fields, n=1)
    return f"there is no such field; {f'did you mean {close[0]}? ' if close else ''}"


def _first_fault(error: ValidationError) -> SettingsError:
    fault = error.errors()[0]
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, SettingsError):
        return cause
    field = ".".join(str(part) for part in fault["loc"])
    message = fault["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    allowed = "it must be true or false" if fault["type"] == "bool_type" else message
    return SettingsError(field, fault["input"], allowed)
