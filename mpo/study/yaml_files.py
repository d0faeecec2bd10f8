"""Reading the YAML files of `config/`: strictly, and with one line for each fault.

What scalars and keys mean is in `core_schema`. A schema error of jsonschema prints the whole
schema; here a fault is one line: file, path in it, value, what is allowed.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from mpo.project import PROJECT, SHIPPED
from mpo.study import core_schema

SCHEMAS = SHIPPED / "workflow" / "schemas"
"""They belong to the code, so that a project of an older version is held against today's rules."""


class ConfigError(ValueError):
    """A fault of a configuration file, as one readable line.

    `file` and `path` say where it is, `value` is what stands there and `allowed` what may.
    """

    def __init__(self, file: Path | str, path: str, value: Any, allowed: str) -> None:
        self.file, self.path, self.value, self.allowed = str(file), path, value, allowed
        place = f"{shown(file)}: {path}: " if path else f"{shown(file)}: "
        super().__init__(f"{place}{_written(value)} is not allowed; {allowed}")


LONGEST = 80
"""Characters of a value that a fault shows."""
MISSING = object()
"""The value of a `ConfigError` about a key that is required and absent."""


def shown(file: Path | str) -> str:
    """`file` as a reader would type it: relative to the working directory where it lies below."""
    path = Path(file)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def suggestion(name: str, names: Iterable[str], kind: str) -> str:
    """What to say of a `name` that is none of `names`: the nearest one, and all of them."""
    known = sorted(names)
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"there is no such {kind}; {hint}known are {', '.join(known) or 'none yet'}"


def read(file: Path) -> Any:
    """The content of a YAML file, where there is none of that path the project's.

    Raises `ConfigError` for a file that cannot be read.
    """
    try:
        text = (file if file.exists() else PROJECT / file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        meant = _meant(file)
        hint = f"; did you mean {meant.as_posix()}?" if meant else ""
        raise ConfigError(file, "", str(file), f"it cannot be read: {reason}{hint}") from None
    return parse(text, file)


def _meant(file: Path) -> Path | None:
    """The file in config/ of the study whose name alone, or whose folder, `file` is."""
    meant = Path("config", f"{file.name.removesuffix('.yaml')}.yaml")
    there = meant.is_file() or (PROJECT / meant).is_file()
    return meant if there and file != meant else None


def parse(text: str, file: Path) -> Any:
    """The content of YAML `text`, which stands in `file`. Raises `ConfigError`."""
    try:
        return core_schema.load(text)
    except core_schema.Refused as error:
        place = f"line {error.line}" if error.line else ""
        value = str(file) if error.line is None else error.value
        raise ConfigError(file, place, value, error.allowed) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line if mark else 0, max(len(text.splitlines()) - 1, 0))
        written = (text.splitlines() or [""])[line].strip()
        raise ConfigError(file, f"line {line + 1}", written, f"not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(file, "", str(file), f"not YAML: {reason}") from None
    except RecursionError:
        raise ConfigError(file, "", str(file), "it is nested too deeply") from None


def check(content: Any, schema: str, file: Path) -> None:
    """Raise `ConfigError` for the gravest way in which `content` breaks a schema.

    `schema` names `workflow/schemas/<schema>.schema.yaml`; the descriptions in it are what the
    fault's line says is allowed.
    """
    error = best_match(_validator(schema).iter_errors(content))
    if error is not None:
        raise _fault(error, file)


@cache
def _validator(schema: str) -> Validator:
    content = core_schema.load((SCHEMAS / f"{schema}.schema.yaml").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(content)
    checker = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
            "number": lambda _, value: (
                isinstance(value, int | float)
                and not isinstance(value, bool)
                and math.isfinite(value)
            ),
        }
    )
    strict = extend(Draft202012Validator, type_checker=checker)
    return strict(content)


def _fault(error: Any, file: Path) -> ConfigError:
    """The line of a schema error; `description`s of the schema say what is allowed."""
    path = [str(part) for part in error.absolute_path]
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    value, allowed = error.instance, f"it must be {schema.get('description', error.message)}"
    if error.validator == "type" and schema.get("type") == "string" and _is_scalar(value):
        allowed += "; in quotes it is text"
    elif error.validator == "enum" and not _names_all(error.validator_value, allowed):
        allowed = suggestion(value, error.validator_value, path[-1])
    elif error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        path, value = [*path, missing], MISSING
        allowed = f"the key is required: {schema['properties'][missing]['description']}"
    elif error.validator == "additionalProperties":
        known = schema.get("properties", {})
        patterns = [re.compile(pattern) for pattern in schema.get("patternProperties", {})]
        key = next(
            key
            for key in error.instance
            if key not in known and not any(pattern.search(str(key)) for pattern in patterns)
        )
        path, value = [*path, str(key)], error.instance[key]
        allowed = suggestion(key, known, "key")
    elif "propertyNames" in error.absolute_schema_path:
        path = [*path, str(error.instance)]
        allowed = f"the name must be {schema.get('description', error.message)}"
    elif error.validator == "uniqueItems":
        items = error.instance
        second = next(i for i, item in enumerate(items) if item in items[:i])
        path, value = [*path, str(second)], items[second]
        allowed = f"it is already item {items.index(value)} of the list"
    return ConfigError(file, ".".join(path), value, allowed)


def _names_all(names: Iterable[Any], text: str) -> bool:
    """Whether all of `names` stand in `text`."""
    return all(re.search(rf"\b{re.escape(str(name))}\b", text) for name in names)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, int | float | None)


def _written(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    try:
        text = repr(value) if isinstance(value, str) else json.dumps(value)
    except TypeError:
        text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def assigned(assignments: Iterable[str], place: Path) -> dict[str, Any]:
    """The values of "NAME=VALUE" each. Raises `ConfigError`, which names `place`, for a fault."""
    found: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(place, "", assignment, "FIELD=VALUE is")
        if name in found:
            raise ConfigError(place, name, text, "it is set already, and once is")
        found[name] = parse(text, place)
    return found
