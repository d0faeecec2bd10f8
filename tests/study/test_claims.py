"""Faults of the claims file: one line each, with the place, the value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpo.study.claims import load_claims
from mpo.study.yaml_files import ConfigError

GOOD = """
faster:
  statement: it is faster
  source: us
  test: two_sample
  metric: area
  variants: [stabilised, paper]
  tasks: all
  direction: greater
  margin: 0
  family: one
"""


def load(tmp_path: Path, text: str):
    file = tmp_path / "claims.yaml"
    file.write_text(text)
    return load_claims(file)


def test_a_good_file_and_an_empty_one(tmp_path):
    assert list(load(tmp_path, GOOD)) == ["faster"]
    assert load(tmp_path, "") == {}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("metric: area", "metric: speed", "faster.metric: 'speed' is not allowed; it must be a"),
        ("paper]", "papre]", "faster.variants.1: 'papre' is not allowed; there is no such variant"),
        ("tasks: all", "tasks: [walk]", "faster.tasks.0: 'walk' is not allowed; there is no such"),
        ("  margin: 0\n", "", "faster.margin: nothing is not allowed; a two_sample claim requires"),
        ("margin: 0", "margin: -1", "faster.margin: -1 is not allowed; the margin of a difference"),
        (", paper]", "]", 'faster.variants: ["stabilised"] is not allowed; a two_sample claim com'),
        ("family: one", "family: one\n  erratum: 1", "faster.erratum: 1 is not allowed; a two_sa"),
        ("two_sample", "equivalence", "faster.direction: 'greater' is not allowed; an equivalence"),
        ("test: two_sample", "test: guess", "faster.test: 'guess' is not allowed; it must be one"),
    ],
)
def test_a_fault_is_one_line(tmp_path, old, new, fault):
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, GOOD.replace(old, new))
    assert fault in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_one_sample_claim_has_a_direction(tmp_path):
    text = GOOD.replace("two_sample", "one_sample").replace("greater", "different")
    with pytest.raises(ConfigError, match="a one_sample claim is that a mean is greater or less"):
        load(tmp_path, text)


def test_a_family_has_at_most_six_claims(tmp_path):
    text = "".join(GOOD.replace("faster:", f"faster-{number}:") for number in range(7))
    with pytest.raises(ConfigError, match="a family has at most 6 claims, and this one has 7"):
        load(tmp_path, text)
