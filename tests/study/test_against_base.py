"""What every study asks of its variants: whether each ends elsewhere than its base."""

from pathlib import Path

import pytest

from mpo.settings import settings
from mpo.study.config import ConfigError, Study, load_study

STUDY = """
study: trial
study_seed: 0
variants: [{variants}]
tasks: {{cartpole-balance: 1000}}
seeds: [0, 1, 2]
{more}
"""


def loaded(folder: Path, variants: str, more: str = "") -> Study:
    file = folder / "study.yaml"
    file.write_text(STUDY.format(variants=variants, more=more))
    return load_study(file)


def pairs(study: Study) -> list[list[str]]:
    return [claim["variants"] for claim in study.claims.values()]


def test_each_variant_is_held_against_its_nearest_base_in_the_study(tmp_path: Path) -> None:
    study = loaded(tmp_path, "paper, td0, converged_estep, stabilised")
    assert pairs(study) == [
        ["td0", "paper"],  # whose base, stable_dual, is not here
        ["converged_estep", "stabilised"],
    ]
    claim = study.claims["td0-against-base"]
    assert claim["statement"] == "td0 ends elsewhere than paper"
    assert (claim["metric"], claim["direction"], claim["margin"]) == ("score", "different", 0)
    families = [each["family"] for each in study.claims.values()]
    assert families == ["against_paper", "against_stabilised"]


def test_what_a_claim_compares_is_not_asked_twice(tmp_path: Path) -> None:
    """stabilised over paper and huber beside stable_dual are claims of config/claims.yaml."""
    assert pairs(loaded(tmp_path, "paper, stabilised")) == []
    assert pairs(loaded(tmp_path, "stable_dual, huber, td0")) == [["td0", "stable_dual"]]
    own = """
claims:
  mine:
    statement: one-step targets end lower
    source: us
    test: two_sample
    metric: score
    variants: [td0, stable_dual]
    tasks: all
    direction: less
    margin: 0
    family: mine
"""
    assert list(loaded(tmp_path, "stable_dual, td0", own).claims) == ["mine"]


def test_no_claim_takes_another_s_name(tmp_path: Path) -> None:
    """Of a variant and one whose name has other signs, beside one that is declared so called."""
    own = """
own_variants:
  td_0: {base: stable_dual, change: it, source: us, settings: {returns: td0}}
  td__0: {base: stable_dual, change: it, source: us, settings: {returns: td0}}
claims:
  td-0-against-base:
    statement: one-step targets learn slower
    source: us
    test: two_sample
    metric: area
    variants: [td_0, stable_dual]
    tasks: all
    direction: less
    margin: 0
    family: mine
"""
    claims = loaded(tmp_path, "stable_dual, td_0, td__0", own).claims
    assert [(claim["metric"], claim["variants"][0]) for claim in claims.values()] == [
        ("area", "td_0"),
        ("score", "td_0"),
        ("score", "td__0"),
    ]


def test_every_trick_is_asked_for(tmp_path: Path) -> None:
    names = '"stable_dual_with_*", "stabilised_without_*"'
    study = loaded(tmp_path, f"stable_dual, stabilised, {names}")
    tricks = [name for name in study.variants if "_with" in name]
    assert len(tricks) >= 18
    assert [claim["variants"][0] for claim in study.claims.values()] == tricks
    assert {claim["family"] for claim in study.claims.values()} == {
        "against_stable_dual",
        "against_stabilised",
    }


def test_what_learns_with_equal_settings_is_not_asked(tmp_path: Path) -> None:
    """A sweep's value that is its entry's own, and one that is so untold."""
    own = """
own_variants:
  mine:
    base: paper
    change: it
    source: us
    settings: {critic_target_period: 70}
    sweep: {critic_target_period: [70, 80]}
  told: {base: paper, change: none, source: us, settings: {policy_target_period: PERIOD}}
""".replace("PERIOD", str(settings({}).policy_target_period))
    assert pairs(loaded(tmp_path, 'paper, mine, "mine@*", told', own)) == [
        ["mine", "paper"],
        ["mine@critic_target_period=80", "mine"],
    ]


def test_it_can_be_left_out(tmp_path: Path) -> None:
    assert loaded(tmp_path, "stable_dual, td0", "against_base: false").claims == {}
    with pytest.raises(ConfigError, match="against_base: 'maybe' is not allowed; it must be true"):
        loaded(tmp_path, "stable_dual, td0", "against_base: maybe")
