"""Codes shown equal: equalities chain, hold for their variant and task, and are read strictly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpo.settings import SettingsError
from mpo.settings.equality import KEY, entries, equal_codes, equalities, manifest_of
from tests.shown_equal import record, shown


def test_a_code_is_equal_to_itself_and_to_nothing_else_unless_shown():
    assert equal_codes([], "toy", "paper", "a") == {"a"}
    assert equal_codes([shown("b", "c")], "toy", "paper", "a") == {"a"}


def test_equalities_chain_whatever_their_order_and_whichever_end_is_asked():
    chain = [shown("b", "c"), shown("a", "b"), shown("x", "y")]
    for digest in "abc":
        assert equal_codes(chain, "toy", "paper", digest) == {"a", "b", "c"}


def test_an_equality_holds_for_its_variant_and_task_alone():
    links = [shown("a", "b"), shown("b", "c", task="other"), shown("b", "d", variant="huber")]
    assert equal_codes(links, "toy", "paper", "a") == {"a", "b"}
    assert equal_codes(links, "toy", "huber", "d") == {"b", "d"}


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=8))
def test_equality_is_an_equivalence(pairs: list[tuple[str, str]]):
    links = [shown(*pair) for pair in pairs]
    found = {digest: equal_codes(links, "toy", "paper", digest) for digest in "abcdef"}
    for digest, others in found.items():
        assert digest in others
        assert all(found[other] == others for other in others)
    assert all(new in found[old] for old, new in pairs)


def test_what_a_manifest_records_is_read_back(tmp_path: Path):
    links = (shown("a", "b"), shown("b", "c", steps=12))
    record(tmp_path, *links)
    assert equalities(tmp_path / "manifest.json") == links
    assert entries(links) == {KEY: [link.model_dump() for link in links]}
    assert entries(()) == {}


@pytest.mark.parametrize("text", ["{}", None])
def test_a_manifest_without_any_records_none(tmp_path: Path, text: str | None):
    if text:
        (tmp_path / "manifest.json").write_text(text)
    assert equalities(tmp_path / "manifest.json") == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("[]", f"manifest.json: {KEY}: None is not allowed"),
        ({KEY: {}}, f"manifest.json: {KEY}: {{}} is not allowed; it is a list"),
        ({KEY: ["a"]}, f"manifest.json: {KEY}.0: 'a' is not allowed"),
        ({KEY: [shown("a", "b").model_dump() | {"steps": "1"}]}, f"{KEY}.0.steps: '1' is not"),
        ({KEY: [shown("a", "b").model_dump() | {"more": 1}]}, f"{KEY}.0.more: 1 is not allowed"),
        ({KEY: [shown("a", "b").model_dump(exclude={"date"})]}, f"{KEY}.0.date: "),
    ],
)
def test_a_manifest_that_is_none_is_refused_in_one_line(tmp_path: Path, content: Any, said: str):
    file = tmp_path / "manifest.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(SettingsError) as error:
        equalities(file)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_the_manifest_of_a_run_is_that_of_its_study():
    assert manifest_of(Path("results/reference/runs/toy/paper/0")) == Path(
        "results/reference/manifest.json"
    )
    assert manifest_of(Path("/out")) == Path("/manifest.json")
