"""Plain values frozen: they cannot change, have a hash, and come back as they were given."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpo.settings import SettingsError, settings
from mpo.settings.plain import Frozen, frozen, thawed

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
PLAIN = st.recursive(
    SCALARS.filter(lambda value: value not in (float("inf"), -float("inf"))),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
)


@given(PLAIN)
def test_a_frozen_value_has_a_hash_and_comes_back_as_it_was(value: Any) -> None:
    found = frozen(value)
    assert thawed(found) == value
    assert hash(found) == hash(frozen(copy.deepcopy(value)))
    assert pickle.loads(pickle.dumps(found)) == found == copy.deepcopy(found)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.update(b=2),
        lambda value: value.__setitem__("b", 2),
        lambda value: value.pop("a"),
        lambda value: value.clear(),
    ],
)
def test_a_frozen_mapping_cannot_change(change: Any) -> None:
    value = Frozen(a=1)
    with pytest.raises(TypeError, match="a frozen mapping cannot change"):
        change(value)
    assert value == {"a": 1}


LAYERS = [{"wrapper": "a.b:C", "kwargs": {"scale": [1.5, {"deep": None}]}}, {"wrapper": "d:E"}]


def test_keyword_arguments_are_part_of_the_settings_and_of_their_digest() -> None:
    chosen = settings({"kwargs": {"g": 9.81}, "wrappers": LAYERS})
    assert settings(json.loads(json.dumps(chosen.differences()))) == chosen
    assert hash(chosen) == hash(settings(chosen.differences()))
    others = [{}, {"kwargs": {"g": 9.8}}, {"kwargs": {"g": 9.81}, "wrappers": LAYERS[::-1]}]
    assert len({settings(other).digest() for other in others} | {chosen.digest()}) == 4


def test_null_and_nothing_are_the_default() -> None:
    for value in ({"kwargs": None, "wrappers": None}, {"kwargs": {}, "wrappers": []}):
        assert settings(value).differences() == {}
        assert settings(value).digest() == settings({}).digest()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kwargs": 3}, "kwargs: 3 is not allowed; it must be a mapping from names to plain"),
        ({"kwargs": {1: 2}}, "1 is no name: keys are text"),
        ({"kwargs": {"a": [float("nan")]}}, "nan is no finite number"),
        ({"kwargs": {"a": {2, 3}}}, "is not plain: text, numbers, true, false, null, lists, mapp"),
        ({"wrappers": [{"wrapper": "C"}]}, "wrappers.0.wrapper: 'C' .* must be a module and a cl"),
        ({"wrappers": [{"wrapper": "a:C", "n": 1}]}, "wrappers.0.n: 1 is not allowed"),
    ],
)
def test_a_fault_is_one_line(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        settings(values)
