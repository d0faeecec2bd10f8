"""What is begun anew of a run: enough to refresh targets, to evaluate and to log, and no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mpo.commands import InputError
from mpo.commands.verifying.beginnings import Beginning, beginnings, shortened
from mpo.evaluation.reading.manifest import read_manifest
from mpo.settings import settings
from mpo.settings.equality import MANIFEST
from mpo.study.config import load_study
from mpo.study.entries import load_variants
from mpo.study.yaml_files import PROJECT
from tests.runs import tiny
from tests.shown_equal import record, shown


def updates(chosen) -> int:
    after = chosen.steps - chosen.minimum_replay * chosen.action_repeat
    return after // chosen.steps_per_update


@pytest.mark.parametrize("name", ["tricks", "study"])
def test_the_beginnings_of_a_study_refresh_their_targets_and_log_more_than_once(name: str):
    for key, chosen in load_study(PROJECT / f"config/{name}.yaml").settings.items():
        short, lowered = shortened(chosen, None)
        period = max(chosen.policy_target_period, chosen.critic_target_period)
        assert period < updates(short) < 2000, key
        assert updates(short) > 2 * short.logging_updates
        assert short.steps < chosen.steps
        asked = {name: value for name, value in chosen.differences().items() if name != "steps"}
        assert short.differences() == asked | lowered | {"steps": short.steps}


def test_a_run_that_is_short_is_begun_whole():
    assert shortened(tiny(), None) == (tiny(), {})


def test_steps_may_be_asked_for_and_are_whole_decisions():
    assert shortened(tiny(), 100)[0].steps == 100
    assert shortened(tiny(action_repeat=2), 101)[0].steps == 102
    assert shortened(tiny(), 1000)[0].steps == 160


def test_iterations_are_begun_with_few_episodes_each():
    (variant,) = (v for v in load_variants().values() if v.name == "seed_report")
    chosen = settings({**variant.settings, "steps": 100_000})
    short, lowered = shortened(chosen, None)
    assert lowered["iteration_episodes"] == 5
    assert short.steps == 3 * 5 * 300


@pytest.fixture
def study_dir(tmp_path: Path) -> Path:
    """`paper` on a task with the seeds 0 to 3: by codes a, b, today's and c, equal to today's."""
    overrides = ["variants=[paper]", "seeds=[0, 1, 2, 3]", "tasks={cartpole-balance: 2000}"]
    study = load_study(PROJECT / "config/smoke.yaml", overrides)
    for run, code in zip(study.runs, ("a", "b", study.runs[0].code_digest, "c"), strict=True):
        file = tmp_path / run.path / "run.json"
        file.parent.mkdir(parents=True)
        described = {
            "task": run.task,
            "variant": run.variant,
            "seed": run.seed,
            "study_seed": study.study_seed,
            "settings": run.settings.differences(),
            "settings_digest": run.settings_digest,
            "code_digest": code,
        }
        file.write_text(json.dumps(described))
    study.write_manifest(tmp_path / MANIFEST)
    record(tmp_path, shown("c", study.runs[0].code_digest, task="cartpole-balance"))
    return tmp_path


def begun(study_dir: Path) -> list[Beginning]:
    return list(beginnings(study_dir, read_manifest(study_dir), None))


def test_a_run_of_each_code_that_is_not_equal_to_today_s_is_begun(study_dir: Path):
    first, second = begun(study_dir)
    assert (first.run["seed"], first.codes, second.run["seed"]) == (0, {"a"}, 1)
    assert first.name == "cartpole-balance/paper"
    record(study_dir, shown("b", "a", task="cartpole-balance"))
    first, second = begun(study_dir)
    assert (first.codes, second.codes, second.run["seed"]) == ({"a", "b"}, {"c"}, 3)


def test_a_run_that_is_not_there_is_passed_over(study_dir: Path):
    (study_dir / "runs/cartpole-balance/paper/0/run.json").unlink()
    assert [one.run["seed"] for one in begun(study_dir)] == [1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda run: run.pop("seed"), "it describes no run"),
        (lambda run: run["settings"].update(epsilon=0.3), "its settings have another digest"),
    ],
)
def test_a_run_that_describes_itself_wrongly_is_refused(study_dir: Path, change, said: str):
    file = study_dir / "runs/cartpole-balance/paper/0/run.json"
    run = json.loads(file.read_text())
    change(run)
    file.write_text(json.dumps(run))
    with pytest.raises(InputError, match=f"run.json: {said}"):
        begun(study_dir)
    file.write_text("{")
    with pytest.raises(InputError, match="it describes no run"):
        begun(study_dir)
