"""Faults of the claims file: one line each, with the place, the value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpo.evaluation.claims import claims_of
from mpo.evaluation.reading.manifest import manifest_of
from mpo.project import SHIPPED
from mpo.study.claims import load_claims
from mpo.study.config import load_study
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


SHARE = """
solved:
  statement: every run solves it
  source: us
  test: share
  metric: score
  threshold: 0.9
  variants: [paper]
  tasks: all
  direction: greater
  margin: 0.9
  family: one
"""

STUDY = """
study: own
study_seed: 1
variants: [paper, stabilised]
tasks: {cartpole-balance: 1000}
seeds: [0, 1]
claims:"""


def load(tmp_path: Path, text: str):
    file = tmp_path / "claims.yaml"
    file.write_text(text)
    return load_claims(file)


def own(tmp_path: Path, claims: str):
    file = tmp_path / "own.yaml"
    file.write_text(STUDY + claims.replace("\n", "\n  "))
    return load_study(file)


def test_a_good_file_and_an_empty_one(tmp_path):
    assert list(load(tmp_path, GOOD)) == ["faster"]
    assert load(tmp_path, "") == {}
    assert load(tmp_path, SHARE)["solved"]["threshold"] == 0.9


FAULTS = [
    ("metric: area", "metric: speed", "faster.metric: 'speed' is not allowed; there is no such m"),
    ("metric: area", "metric: scor", "such metric; did you mean score? known are area, drawdown,"),
    ("paper]", "papre]", "faster.variants.1: 'papre' is not allowed; there is no such variant"),
    ("tasks: all", "tasks: [walk]", "faster.tasks.0: 'walk' is not allowed; there is no such"),
    ("  margin: 0\n", "", "faster.margin: nothing is not allowed; a two_sample claim requires"),
    ("margin: 0", "margin: -1", "faster.margin: -1 is not allowed; the margin of a difference"),
    (", paper]", "]", 'faster.variants: ["stabilised"] is not allowed; a two_sample claim com'),
    ("family: one", "family: one\n  erratum: 1", "faster.erratum: 1 is not allowed; a two_sa"),
    ("two_sample", "equivalence", "faster.direction: 'greater' is not allowed; an equivalence"),
    ("test: two_sample", "test: guess", "faster.test: 'guess' is not allowed; it must be one"),
]
OF_SHARES = [
    ("  threshold: 0.9\n", "", "solved.threshold: nothing is not allowed; a share claim requi"),
    (
        "margin: 0.9",
        "margin: 1",
        "solved.margin: 1 is not allowed; the margin of a share is be",
    ),
    ("greater", "different", "solved.direction: 'different' is not allowed; a share claim is"),
    ("[paper]", "all", "solved.variants: 'all' is not allowed; a share claim is about the runs"),
    ("[paper]", "[paper, huber]", 'solved.variants: ["paper", "huber"] is not allowed; a share'),
]
OF_A_STUDY = [
    ("metric: area", "metric: speed", "own.yaml: claims.faster.metric: 'speed' is not allowed"),
    ("faster:", "huber-loss:", "claims.huber-loss: 'huber-loss' is not allowed; config/claims"),
]


@pytest.mark.parametrize(
    ("read", "good", "old", "new", "fault"),
    [
        *((load, GOOD, *case) for case in FAULTS),
        *((load, SHARE, *case) for case in OF_SHARES),
        *((own, GOOD, *case) for case in OF_A_STUDY),
    ],
)
def test_a_fault_is_one_line(tmp_path, read, good, old, new, fault):
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, good.replace(old, new))
    assert fault in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_one_sample_claim_has_a_direction(tmp_path):
    text = GOOD.replace("two_sample", "one_sample").replace("greater", "different")
    with pytest.raises(ConfigError, match="a one_sample claim is that it is greater or less"):
        load(tmp_path, text)


def test_a_family_has_at_most_six_claims(tmp_path):
    text = "".join(GOOD.replace("faster:", f"faster-{number}:") for number in range(7))
    with pytest.raises(ConfigError, match="a family has at most 6 claims, and this one has 7"):
        load(tmp_path, text)


def test_a_study_declares_claims_of_its_own_and_its_manifest_keeps_them(tmp_path):
    study = own(tmp_path, GOOD)
    assert list(study.manifest()["claims"]) == ["faster"]
    assert list(manifest_of(study.manifest()).claims) == ["faster"]
    assert claims_of(manifest_of(study.manifest()).claims)[0].metric == "area"
    none = load_study(SHIPPED / "config/smoke.yaml", ["against_base=false"])
    assert "claims" not in none.manifest()


def test_a_family_is_counted_over_both_files(tmp_path):
    more = GOOD.replace("family: one", "family: published")
    assert len(own(tmp_path, more).claims) == 1, "five of config/claims.yaml and this one"
    with pytest.raises(ConfigError, match=r"claims\.faster\.family: .* and this one has 7"):
        own(tmp_path, more + more.replace("faster:", "faster-too:"))
