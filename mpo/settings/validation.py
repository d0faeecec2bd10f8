"""A run's settings, checked: typed, strict, frozen, each field and all of them together."""

from __future__ import annotations

import difflib
import hashlib
import json
from types import ModuleType
from typing import Any

from pydantic import ConfigDict, ValidationError, model_validator

from mpo.settings.combinations import disagreements
from mpo.settings.faults import OptionError
from mpo.settings.fields import Fields
from mpo.settings.options import OPTION_PACKAGES, options
from mpo.settings.parameters import OptionParameters, bound, declared, kind_of


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
    """One run's settings. Unknown fields, wrong types and senseless combinations are refused.

    Beside its fields it holds every parameter that its options declare, as `backup.beta`.
    """

    model_config = ConfigDict(extra="allow")

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
    def _parameters_of_options(self) -> Settings:
        held = self.__pydantic_extra__
        assert held is not None  # since extra is "allow"
        for name, value in held.items():
            if kind_of(name) is None:
                raise SettingsError(name, value, no_such_field(name))
        for field in OPTION_PACKAGES:
            given = {name: value for name, value in held.items() if kind_of(name) == field}
            held |= _parameters(field, getattr(self, field), given)
        return self

    @model_validator(mode="after")
    def _fields_agree(self) -> Settings:
        for field, value, allowed in disagreements(self, self.differences()):
            raise SettingsError(field, value, allowed)
        return self

    def option(self, field: str) -> ModuleType:
        """The module that implements what `field` names, its functions given their parameters.

        Raises `OptionError` where it lacks what its kind must have.
        """
        return bound(field, getattr(self, field), self.parameters(field))

    def parameters(self, field: str) -> OptionParameters:
        """Those of the option that `field` names, for a class that is given the settings."""
        held, known = self.__pydantic_extra__ or {}, declared(field, getattr(self, field))
        named = ((name, f"{field}.{name}") for name in known.model_fields)
        return known(**{name: held[key] for name, key in named if key in held})

    def defaults(self) -> dict[str, Any]:
        """The default of every field, and of every parameter of the options that are named."""
        found = {name: _default(name) for name in Settings.model_fields}
        for field in {str(kind_of(name)) for name in self.__pydantic_extra__ or ()}:
            found |= _parameters(field, getattr(self, field), {})
        return found

    def differences(self) -> dict[str, Any]:
        """The fields and parameters that differ from their defaults, as JSON values."""
        values, defaults = self.model_dump(mode="json"), self.defaults()
        return {name: value for name, value in values.items() if value != defaults[name]}

    def digest(self, *context: Any) -> str:
        """SHA-256 of the fields that differ from their baselines, and of `context`.

        A field's baseline is its default unless it declares `json_schema_extra={"baseline":
        ...}`. Whoever changes a default keeps the old one as the baseline, so that no digest
        of an earlier run comes to name other settings; a test pins the baselines. A new field
        changes no digest until it is set. A parameter's baseline is its default, since that
        stands in the option's code, which has a digest too.
        """
        values, defaults = self.model_dump(mode="json"), self.defaults()
        baselines = defaults | {name: baseline(name) for name in Settings.model_fields}
        fields = {name: value for name, value in values.items() if value != baselines[name]}
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

    Raises `SettingsError`, naming the field, its value and what is allowed, for the first fault,
    and `OptionError` where an option's own file is at fault.
    """
    unknown = sorted(f for f in set(values) - set(Settings.model_fields) if kind_of(f) is None)
    if unknown:
        known = f"fields are {', '.join(sorted(Settings.model_fields))}"
        raise SettingsError(unknown[0], values[unknown[0]], no_such_field(unknown[0]) + known)
    try:
        return Settings(**values)
    except ValidationError as error:
        raise _first_fault(error) from None


def _parameters(field: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    """All parameters of an option, as `backup.beta`, where some are `given`; as JSON values.

    Raises `SettingsError` for one that it does not have, or that is not allowed.
    """
    known = declared(field, name)
    if known is OptionParameters and not given:  # nearly always
        return {}
    names = {f"{field}.{parameter}": parameter for parameter in known.model_fields}
    for each, value in given.items():
        if each not in names:
            has = f"its parameters are {', '.join(names)}" if names else "it has no parameters"
            raise SettingsError(each, value, f"{field} is {name}, and {has}")
    try:
        whole = known(**{names[each]: value for each, value in given.items()})
    except ValidationError as error:
        fault = _first_fault(error)
        assert isinstance(fault, SettingsError)  # no option is read while one is checked
        parameter, allowed = f"{field}.{fault.field}", f"{fault.allowed}, for {field} {name}"
        raise SettingsError(parameter, fault.value, allowed) from None
    values = whole.model_dump(mode="json")
    return {each: values[parameter] for each, parameter in names.items()}


def no_such_field(name: str) -> str:
    """That no field is called `name`, and which one has the nearest name; more may follow."""
    close = difflib.get_close_matches(name, Settings.model_fields, n=1)
    return f"there is no such field; {f'did you mean {close[0]}? ' if close else ''}"


def _first_fault(error: ValidationError) -> SettingsError | OptionError:
    fault = error.errors()[0]
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, SettingsError | OptionError):
        return cause
    field = ".".join(str(part) for part in fault["loc"])
    message = fault["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    allowed = "it must be true or false" if fault["type"] == "bool_type" else message
    return SettingsError(field, fault["input"], allowed)
