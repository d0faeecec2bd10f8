"""Plain values, as YAML and JSON have them, in a form that cannot change and has a hash.

Mappings become `Frozen`, lists tuples; `thawed` makes dicts and lists of them again.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

from pydantic_core import core_schema


class Frozen(dict[str, Any]):
    """A mapping from text to frozen values; as a field's type it takes any mapping, and null."""

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> core_schema.CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(thawed)
        return core_schema.no_info_plain_validator_function(_mapping, serialization=written)

    @classmethod
    def __get_pydantic_json_schema__(cls, *_: Any) -> dict[str, Any]:
        return {"type": "object"}

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Frozen, (dict(self),)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a frozen mapping cannot change")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]


def frozen(value: Any) -> Any:
    """`value` frozen. Raises ValueError where it, or a part of it, is not plain."""
    if isinstance(value, dict):
        if odd := [key for key in value if not isinstance(key, str)]:
            raise ValueError(f"{odd[0]!r} is no name: keys are text")
        return Frozen({key: frozen(part) for key, part in value.items()})
    if isinstance(value, list | tuple):
        return tuple(frozen(part) for part in value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no finite number")
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(f"{value!r} is not plain: text, numbers, true, false, null, lists, mappings")


def thawed(value: Any) -> Any:
    """A frozen value as new dicts and lists."""
    if isinstance(value, dict):
        return {key: thawed(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [thawed(part) for part in value]
    return value


def _mapping(value: Any) -> Frozen:
    if value is None:
        return Frozen()
    if not isinstance(value, dict):
        raise ValueError("it must be a mapping from names to plain values, or null")
    return frozen(value)
