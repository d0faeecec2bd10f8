"""Variants that other code trains: their own settings, base and sweep, and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mpo.evaluation.claims.claim import Claim
from mpo.evaluation.reading.manifest import manifest_of
from mpo.project import PROJECT
from mpo.rundir import Asked
from mpo.study.config import ConfigError, load_study
from mpo.study.listing import differences
from mpo.study.study import Study

FILE, OTHER = "workflow/rules/extra/README.md", "Makefile"
ENTRIES: dict[str, Any] = {
    "ours": {
        "base": "stabilised",
        "change": "other code",
        "source": "-",
        "external": [FILE],
        "settings": {"width": 8, "learning_rate": 0.1},
        "sweep": {"width": [4, 16]},
    },
    "wide": {"base": "ours", "change": "wider", "source": "-", "settings": {"width": 64}},
    "theirs": {"base": "ours", "change": "other", "source": "-", "external": [OTHER]},
}


def study(folder: Path, entries: dict[str, Any] = ENTRIES, **more: Any) -> Study:
    file = folder / "study.yaml"
    content = {
        "study": "trial",
        "study_seed": 1,
        "seeds": [0],
        "tasks": {"hopper-stand": 1000},
        "variants": ["stabilised", "ours", "ours@*", "wide", "theirs"],
        "own_variants": entries,
        **more,
    }
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return load_study(file)


def test_settings_are_its_own_and_its_base_s_where_that_is_the_same_code(tmp_path: Path) -> None:
    found = study(tmp_path)
    own = {"width": 8, "learning_rate": 0.1}
    expected = {
        "ours": own,
        "ours@width=4": {**own, "width": 4},
        "ours@width=16": {**own, "width": 16},
        "wide": {**own, "width": 64},
        "theirs": {},
    }
    for name, settings in expected.items():
        assert found.settings["hopper-stand", name].foreign == settings
        assert found.run("hopper-stand", name, 0).settings.differences().get("dual") is None
    same, other = ["ours", "ours@width=4", "ours@width=16", "wide"], ["theirs"]
    assert found.trained_by(FILE) == same
    assert found.trained_by(OTHER) == other
    assert len({run.settings_digest for run in found.runs}) == len(found.runs)
    assert differences(found.variants["wide"], found.variants) == {"width": 64}
    assert differences(found.variants["ours"], found.variants) == own


def test_what_its_rule_hands_over_is_all_of_a_run(tmp_path: Path) -> None:
    found = study(tmp_path, settings={"evaluation_points": 2})
    run = found.run("hopper-stand", "ours@width=4", 0)
    asked = Asked.read(found.asked(run).written())
    assert asked == found.asked(run)
    assert asked.own == {"width": 4, "learning_rate": 0.1}
    assert (asked.environment, asked.action_repeat) == ("dm_control/hopper-stand-v0", 2)
    assert asked.evaluations == {500: 5, 1000: 25}
    assert asked.settings["foreign"] == asked.own
    assert (asked.settings_digest, asked.code_digest) == (run.settings_digest, run.code_digest)
    assert asked.out == "results/trial/runs/hopper-stand/ours@width=4/0"


def test_each_is_held_against_its_base_and_none_speaks_for_mpo(tmp_path: Path) -> None:
    found = study(tmp_path)
    compared = {tuple(claim["variants"]) for claim in found.claims.values()}
    assert {("ours", "stabilised"), ("ours@width=4", "ours"), ("wide", "ours")} <= compared
    manifest = manifest_of(found.manifest())
    assert [name for name, v in manifest.variants.items() if v.trained_here] == ["stabilised"]
    assert manifest.sweeps == {
        ("ours", "width"): {"ours@width=4": 4, "ours@width=16": 16},
    }
    every = Claim("one", "-", "-", "one_sample", "score", "all")
    assert every.variants_in(manifest) == ["stabilised"]
    theirs = manifest_of({**found.manifest(), "variants": {"ours": {**OURS}}})
    assert every.lacking(theirs) == "the study lacks variants of MPO"


OURS = {"base": None, "change": "-", "source": "-", "settings": {}, "external": True}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"tricks": {"a": {"change": "-", "settings": {"b": 1}}}}, r"ours\.tricks: .* other code"),
        ({"settings": {"steps": 3}}, r"settings\.steps: 3 is not .* a task or a study does"),
        ({"settings": {"when": float("inf")}}, r"ours\.settings: .* is no finite number"),
        ({"external": ["no/where.py"]}, r"ours\.external\.0: 'no/where.py' .* no such file"),
    ],
)
def test_a_fault_is_named_where_it_stands(tmp_path: Path, entry: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        study(tmp_path, {"ours": {**ENTRIES["ours"], **entry}}, variants=["ours"])


def test_settings_of_other_code_are_not_mpo_s(tmp_path: Path) -> None:
    entry = {"base": "paper", "change": "-", "source": "-", "settings": {"foreign": {"a": 1}}}
    with pytest.raises(ConfigError, match="only the settings of an external variant are foreign"):
        study(tmp_path, {"mine": entry}, variants=["mine"])
    with pytest.raises(ConfigError, match="it is given by the settings of an external variant"):
        study(tmp_path, settings={"foreign": {"a": 1}})


def test_the_shipped_baselines_are_trained_by_one_program() -> None:
    found = load_study(PROJECT / "config/baselines.yaml")
    names = ["sac", "td3", "ppo"]
    assert found.trained_by("workflow/rules/extra/stable_baselines.py") == names
    algorithms = [found.variants[name].settings["algorithm"] for name in names]
    assert algorithms == ["SAC", "TD3", "PPO"]
