"""The values of a swept setting: variants, their names, rules and places, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from mpo.evaluation.reading.manifest import manifest_of
from mpo.study.config import load_study
from mpo.study.entries import Variant, load_variants
from mpo.study.sweeps import rule_name
from mpo.study.yaml_files import ConfigError

STUDY: dict[str, Any] = {
    "study": "swept",
    "study_seed": 1,
    "variants": ["stable_dual", "mine", "mine@*"],
    "own_variants": {
        "mine": {
            "base": "stable_dual",
            "change": "Huber's loss",
            "source": "ours",
            "settings": {"critic_loss": "huber"},
            "sweep": {"critic_loss.delta": [0.5, 2], "epsilon": [0.05, 1e-5]},
        }
    },
    "tasks": {"cartpole-balance": 100000},
    "seeds": [1000],
}


def loaded(folder: Path, sweep: Any, **more: Any) -> dict[str, Variant]:
    entry = {"base": "paper", "change": "-", "source": "-", "sweep": sweep}
    content = {"paper": {"change": "-", "source": "P1"}, "mine": entry, **more}
    file = folder / "variants.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return load_variants(file)


def test_each_value_is_a_variant_with_a_rule_and_a_place(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(STUDY, sort_keys=False))
    study = load_study(file)
    base = {"dual": "stable", "critic_loss": "huber"}
    assert {name: v.settings for name, v in study.variants.items()} == {
        "stable_dual": {"dual": "stable"},
        "mine": base,
        "mine@critic_loss.delta=0.5": {**base, "critic_loss.delta": 0.5},
        "mine@critic_loss.delta=2": {**base, "critic_loss.delta": 2},
        "mine@epsilon=0.05": {**base, "epsilon": 0.05},
        "mine@epsilon=1e-05": {**base, "epsilon": 1e-5},
    }
    assert [v.rule for v in study.variants.values()][1:] == [
        "train_mine",
        "train_mine__critic_loss_delta_0p5",
        "train_mine__critic_loss_delta_2",
        "train_mine__epsilon_0p05",
        "train_mine__epsilon_1em05",
    ]
    assert study.runs[2].path == "runs/cartpole-balance/mine@critic_loss.delta=0.5/1000"
    assert len({run.settings_digest for run in study.runs}) == len(study.runs)
    manifest = manifest_of(study.manifest())
    assert manifest.sweeps == {
        ("mine", "critic_loss.delta"): {
            "mine@critic_loss.delta=0.5": 0.5,
            "mine@critic_loss.delta=2": 2,
        },
        ("mine", "epsilon"): {"mine@epsilon=0.05": 0.05, "mine@epsilon=1e-05": 1e-5},
    }
    assert {manifest.variants[name].base for name in study.variants if "@" in name} == {"mine"}
    assert "sweep" not in study.manifest()["variants"]["mine"]  # nor in any study of before


def test_options_are_swept_by_name_and_their_parameters_go_with_them(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        {"critic_loss": ["huber", "squared"], "layer_norm": [True, False]},
        below={
            "base": "mine",
            "change": "-",
            "source": "-",
            "settings": {"critic_loss": "huber", "critic_loss.delta": 2},
            "sweep": {"critic_loss": ["squared", "huber"]},
        },
    )
    assert found["mine@critic_loss=huber"].settings == {"critic_loss": "huber"}
    assert found["mine@layer_norm=true"].settings == {"layer_norm": True}
    assert found["below@critic_loss=squared"].settings == {"critic_loss": "squared"}
    assert found["below@critic_loss=huber"].settings["critic_loss.delta"] == 2


@pytest.mark.parametrize(
    ("sweep", "path", "allowed"),
    [
        ({"epsilon": [0.1]}, "mine.sweep.epsilon", "a list of at least two values"),
        ({"epsilon": [0.1, 0.1]}, "mine.sweep.epsilon.1", "it is in the list already"),
        ({"epsilon": [0.1, -1.0]}, "mine.sweep.epsilon.1", "greater than 0"),
        ({"epsilom": [0.1, 0.2]}, "mine.sweep.epsilom.0", "did you mean epsilon"),
        ({"backup": ["soft", "a/b"]}, "mine.sweep.backup.1", "a folder is named after it"),
        ({"policy_hidden": [[8], [16]]}, "mine.sweep.policy_hidden.0", "a folder is named"),
        ({"backup.beta": [0.1, 1]}, "mine.sweep.backup.beta.0", "it has no parameters"),
        ({"steps": [100, 200]}, "mine.sweep.steps.0", "a task or a study does"),
        ({}, "mine.sweep", "a mapping from fields of the settings to lists"),
    ],
)
def test_a_fault_is_told_where_it_stands(
    tmp_path: Path, sweep: Any, path: str, allowed: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, sweep)
    assert caught.value.path == path
    assert allowed in caught.value.allowed
    assert "\n" not in str(caught.value)


def test_rules_have_names_that_python_allows() -> None:
    names = ["a", "a@b.c=-0.5", "a@b=1e+20", "a@b=name", "a@b=0.5", "a@b=5"]
    rules = [rule_name(name) for name in names]
    assert all(rule.isidentifier() for rule in rules)
    assert len(set(rules)) == len(rules)
