"""YAML by the core schema of version 1.2, from PyYAML, which by itself follows version 1.1.

There `010000` is 4,096, `1:30` is 90, `no` is false, `1e-4` is text, and the last of two equal
keys wins without a word. Here a plain scalar is a number, true, false or null only where YAML
1.2 says so, and text otherwise; `010` is ten. A key is a name: it is text, as it is written. Two
equal keys, and aliases that stand for more than a file could hold, are faults.

One thing is added to the core schema: a whole number may be written `1e6`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, ClassVar

import yaml

LARGEST = 100_000
"""Values that a file may stand for once its aliases are followed; the largest here has 1,000."""
TAG = "tag:yaml.org,2002:"
TRUE, FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")


class Refused(yaml.YAMLError):
    """What YAML allows and these files do not; `line`, from 1, is None for all of the file."""

    def __init__(self, line: int | None, value: Any, allowed: str) -> None:
        self.line, self.value, self.allowed = line, value, allowed
        super().__init__(allowed)


def load(text: str) -> Any:
    """The one document in `text`. Raises `yaml.YAMLError`, of which `Refused` is one."""
    return yaml.load(text, Loader=_Loader)


def _whole(text: str) -> int:
    mantissa, _, exponent = text.lower().partition("e")
    return int(mantissa) * 10 ** int(exponent or 0)


SCALARS: dict[str, tuple[tuple[str, Callable[[str], Any]], ...]] = {
    "null": (("~|null|Null|NULL|", lambda text: None),),
    "bool": (("|".join(TRUE + FALSE), lambda text: text in TRUE),),
    "int": (
        (r"[-+]?\d+([eE]\+?\d{1,2})?", _whole),
        (r"0o[0-7]+", lambda text: int(text[2:], 8)),
        (r"0x[0-9a-fA-F]+", lambda text: int(text[2:], 16)),
    ),
    "float": (
        (r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?", float),
        (r"[-+]?\.(inf|Inf|INF)", lambda text: float(text.replace(".", ""))),
        (r"\.(nan|NaN|NAN)", lambda text: math.nan),
    ),
}
"""The forms of each type's plain scalars, in the order in which they are tried, with values."""


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: ClassVar[Any] = {
        None: [
            (TAG + name, re.compile(rf"(?:{form})\Z", re.ASCII))
            for name, forms in SCALARS.items()
            for form, _ in forms
        ]
    }
    yaml_constructors: ClassVar[Any] = {
        tag: yaml.SafeLoader.yaml_constructors[tag]
        for tag in (f"{TAG}str", f"{TAG}seq", f"{TAG}map", None)
    }

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None and _size(node, {}) > LARGEST:
            raise Refused(None, None, f"its aliases may stand for {LARGEST:,} values at most")
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        mapping: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key must be a word", problem_mark=key.start_mark
                )
            self.construct_object(key)  # raises where a tag of its own means nothing here
            if key.value in lines:
                first = lines[key.value]
                raise Refused(line, key.value, f"the key stands there twice, first on line {first}")
            lines[key.value] = line
            mapping[key.value] = self.construct_object(value, deep)
        return mapping

    def construct_core(self, node: yaml.ScalarNode) -> Any:
        text = self.construct_scalar(node)
        for form, value in SCALARS[node.tag.removeprefix(TAG)]:
            if re.fullmatch(form, text, re.ASCII):
                try:
                    return value(text)
                except ValueError:  # Python's bound on the digits of an integer
                    break
        name = node.tag.removeprefix(TAG)
        raise yaml.MarkedYAMLError(problem=f"this is no {name}", problem_mark=node.start_mark)


for _name in SCALARS:
    _Loader.add_constructor(TAG + _name, _Loader.construct_core)


def _size(node: yaml.Node, known: dict[int, float]) -> float:
    """The values below `node` with every alias followed; infinite where one leads to itself."""
    if id(node) not in known:
        known[id(node)] = math.inf  # until its parts are counted, itself being none of them
        below = node.value if isinstance(node, yaml.CollectionNode) else []
        parts = [part for item in below for part in (item if isinstance(item, tuple) else [item])]
        known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]
