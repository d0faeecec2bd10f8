"""Contracts of options: every kind has one, and its shapes are written in letters that are told."""

from __future__ import annotations

import re

import pytest

from mpo.settings import OPTION_PACKAGES, contracts
from mpo.settings.contracts import ARRAY, CONTRACTS, NAMES, Attribute, Size

LETTERS = set(re.findall(r"\| ([A-Z]) \|", (contracts.__doc__ or "").replace("| |", "|")))


def test_every_kind_of_option_has_a_contract() -> None:
    assert set(CONTRACTS) == set(OPTION_PACKAGES)
    assert all(contract.attributes or contract.functions for contract in CONTRACTS.values())


@pytest.mark.parametrize("field", CONTRACTS)
def test_a_contract_names_what_it_means(field: str) -> None:
    contract = CONTRACTS[field]
    for name, function in contract.functions.items():
        gives = function.gives if isinstance(function.gives, tuple) else (function.gives,)
        for value in (*function.takes.values(), *gives):
            if isinstance(value, Size):
                assert not value.letter or value.letter in LETTERS, name
            elif isinstance(value, str) and value not in NAMES:
                assert set(value.removeprefix(ARRAY).split()) <= LETTERS, name
        assert set(function.gradient) <= set(function.takes), name
        assert {function.changes} - {""} <= set(function.takes), name
        known = {*contract.attributes, *contract.functions, ""}
        assert function.only_if in known, name
    assert all(
        isinstance(asked, Attribute) and asked.meaning for asked in contract.attributes.values()
    )
