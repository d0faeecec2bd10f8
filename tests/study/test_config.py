"""Configuration: what is sound merges in the stated order, and the project's own files are."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mpo.evaluation.reading.manifest import manifest_of
from mpo.evaluation.telling.report import _environment
from mpo.study.config import ConfigError, load_study, load_tasks, load_variants, without_switch
from mpo.study.yaml_files import PROJECT
from tests.configuration import config, load

__all__ = ["config"]


def test_settings_merge_in_order(config: Path):
    study = load(config)
    late = study.settings["hop", "late"]
    assert (late.dual, late.epsilon) == ("stable", 0.2)  # over its base, which stands below it
    assert (late.environment, late.action_repeat) == ("dm_control/hopper-hop-v0", 2)
    assert late.steps == 2000  # over the task's own budget
    assert study.settings["balance", "paper"].differences() == {"steps": 1000}


def test_a_task_may_cut_its_episodes(config: Path):
    file = config / "tasks.yaml"
    text = file.read_text()
    file.write_text(text + "  episode_steps: 500\n")
    study = load(config)
    assert study.settings["hop", "late"].episode_steps == 500
    assert study.settings["balance", "late"].episode_steps is None
    for value, said in (("501", "must be a multiple of action_repeat = 2"), ("0", "at least 1")):
        file.write_text(text + f"  episode_steps: {value}\n")
        expected = rf"tasks\.yaml: hop\.episode_steps: {value} is not allowed; .*{said}"
        with pytest.raises(ConfigError, match=expected):
            load(config)


def test_a_study_s_settings_are_for_all_runs(config: Path):
    study = load(config, "settings={evaluation_points: 4, batch_size: 64}")
    assert {s.evaluation_points for s in study.settings.values()} == {4}
    assert {s.batch_size for s in study.settings.values()} == {64}
    assert study.manifest()["evaluation"]["points"] == 4


def test_the_runs_are_tasks_times_variants_times_seeds(config: Path):
    study = load(config)
    assert [run.path for run in study.runs] == [
        f"runs/{task}/{variant}/{seed}"
        for task in ("balance", "hop")
        for variant in ("paper", "late")
        for seed in (0, 1)
    ]
    assert len({run.settings_digest for run in study.runs}) == 8
    assert study.run("hop", "late", "1").path == "runs/hop/late/1"


def test_an_override_replaces_a_key_and_is_named_in_its_fault(config: Path):
    assert load(config, "seeds=[7]").seeds == (7,)
    with pytest.raises(ConfigError, match=r"^--config: variants\.0: 'pape' is not allowed"):
        load(config, "variants=[pape]")
    with pytest.raises(ConfigError, match=r"^--config: speed: 1 is not allowed"):
        load(config, "speed=1")


@pytest.mark.parametrize(
    ("overrides", "on"),
    [
        ([], True),
        (["train=true"], True),
        (["train=YES"], True),
        (["train=1"], True),
        (["train=false"], False),
        (["train=False"], False),
        (["train=no"], False),
        (["train=0"], False),
        (["train=off", "train=on"], True),
    ],
)
def test_a_switch_is_read_as_yes_or_no_and_taken_out(overrides: list[str], on: bool):
    others = ["seeds=[0]", "training=false"]
    assert without_switch("train", [others[0], *overrides, others[1]]) == (on, others)


@pytest.mark.parametrize("value", ["", "maybe", "2", "fales", "null"])
def test_a_switch_that_is_neither_on_nor_off_is_one_line(value: str):
    with pytest.raises(ConfigError, match=rf"^--config: train: '{value}' is not allowed; allowed"):
        without_switch("train", [f"train={value}"])


def test_the_manifest_says_what_was_asked_for(config: Path):
    (config / "random_scores.csv").write_text("task,return_mean,episodes\nhop,1.5,100\n")
    manifest = load(config).manifest()
    assert manifest["tasks"]["hop"] == {
        "environment": "dm_control/hopper-hop-v0",
        "action_repeat": 2,
        "steps": 2000,
        "score_range": [0, 1000],
        "reference": "the suite",
        "threshold": None,
        "random_return": 1.5,
    }
    assert manifest["variants"]["late"]["settings"] == {"dual": "stable", "epsilon": 0.2}
    assert manifest["tasks"]["balance"]["random_return"] is None
    assert set(manifest["runs"][0]) == {
        "task",
        "variant",
        "seed",
        "path",
        "settings_digest",
        "code_digest",
    }


def test_the_manifest_says_what_else_makes_a_task(config: Path):
    file = config / "tasks.yaml"
    made = {"kwargs": {"g": 5.0}, "episode_steps": 50}
    content = yaml.safe_load(file.read_text())
    content["hop"] |= made
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    study = load(config)
    assert study.manifest()["tasks"]["hop"].items() >= made.items()
    task = manifest_of(study.manifest()).tasks["hop"]
    assert task.made_so == made
    assert _environment(task) == (
        '`dm_control/hopper-hop-v0`, kwargs `{"g": 5.0}`, episode_steps `50`'
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("hop,many,100", "hop.return_mean: 'many' is not allowed; it must be a finite number"),
        ("hop,nan,100", "hop.return_mean: 'nan' is not allowed; it must be a finite number"),
        ("hop,-inf,100", "hop.return_mean: '-inf' is not allowed; it must be a finite number"),
        ("hop,,100", "hop.return_mean: '' is not allowed; it must be a finite number"),
        ("hop", "hop.return_mean: null is not allowed; it must be a finite number"),
        (",x,100", "line 3.return_mean: 'x' is not allowed; it must be a finite number"),
    ],
)
def test_a_fault_of_the_random_scores_is_named_by_task_and_column(
    config: Path, row: str, said: str
):
    (config / "random_scores.csv").write_text(f"task,return_mean,episodes\nbalance,350,9\n{row}\n")
    with pytest.raises(ConfigError) as error:
        load(config)
    assert str(error.value) == f"random_scores.csv: {said}"


def test_random_scores_that_are_no_text_are_refused(config: Path):
    (config / "random_scores.csv").write_bytes(b"task,return_mean\n\xe9,1\n")
    with pytest.raises(ConfigError, match=r"^random_scores\.csv: .* cannot be read: not UTF-8$"):
        load(config)


@pytest.mark.parametrize(
    ("head", "value", "lacking"),
    [
        ("task,mean", "'task,mean'", "return_mean"),
        ("name,return_mean", "'name,return_mean'", "task"),
    ],
)
def test_random_scores_without_a_column_are_refused(
    config: Path, head: str, value: str, lacking: str
):
    (config / "random_scores.csv").write_text(f"{head}\nhop,1.5\n")
    said = rf"scores\.csv: line 1: {value} is not allowed; the column {lacking} is required$"
    with pytest.raises(ConfigError, match=said):
        load(config)


@pytest.mark.parametrize(
    "name", sorted({path.name for path in (PROJECT / "config").glob("*.yaml")} - {"claims.yaml"})
)
def test_the_files_of_the_project_are_sound(name: str):
    if name == "tasks.yaml":
        assert all(task.environment for task in load_tasks().values())
    elif name == "variants.yaml":
        assert next(iter(load_variants())) == "paper"
    else:
        assert load_study(PROJECT / "config" / name).runs


def test_the_paper_is_the_defaults():
    assert load_variants()["paper"].settings == {}


def test_a_score_range_may_be_left_out_where_the_uniform_policy_was_measured(config: Path) -> None:
    tasks = (config / "tasks.yaml").read_text()
    given = "  score_range: [0, 1000]\n  reference: the suite\n"
    (config / "tasks.yaml").write_text(tasks.replace(given, "", 1))
    with pytest.raises(ConfigError, match=r"balance\.score_range: nothing .* --task balance --csv"):
        load(config)
    (config / "random_scores.csv").write_text("task,return_mean,episodes\nbalance,350,100\n")
    entry = load(config).manifest()["tasks"]["balance"]
    assert (entry["score_range"], entry["random_return"]) == (None, 350)
    half = given.splitlines(keepends=True)[0]
    (config / "tasks.yaml").write_text(tasks.replace(half, "", 1))
    with pytest.raises(ConfigError, match=r"score_range: nothing .* are both required, or left"):
        load(config)
