"""A run as a job: its files, divergence, refusals."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from mpo import rundir
from mpo.rundir import EVALUATION_COLUMNS, RUN_FILES, TIMING_COLUMNS, TRAINING_COLUMNS
from mpo.settings import settings
from mpo.training import checkpoints, finished, holding, run
from mpo.training.job import Job
from mpo.training.protocols.off_policy import Training
from mpo.training.seeds import Stream
from tests.environments import PREFIX
from tests.runs import described, job, state_of, tiny
from tests.shown_equal import record, shown

pytestmark = pytest.mark.usefixtures("unchecked")


def test_a_run_writes_its_files_and_keeps_them_alone(straight: Job) -> None:
    assert sorted(path.name for path in straight.out.iterdir()) == sorted(RUN_FILES)
    assert state_of(straight) == [rundir.FINISHED]
    for name in RUN_FILES:
        kept = straight.state_folder / rundir.FINISHED / name
        assert kept.read_bytes() == (straight.out / name).read_bytes()
    for name, columns in (
        (rundir.EVALUATIONS, EVALUATION_COLUMNS),
        (rundir.TRAINING, TRAINING_COLUMNS),
        (rundir.TIMING, TIMING_COLUMNS),
    ):
        with (straight.out / name).open() as rows:
            assert next(csv.reader(rows)) == list(columns)
    tensors = load_file(straight.out / rundir.POLICY)
    assert tensors["head.weight"].shape == (2, 6)


def test_the_description_says_how_the_run_was_made(straight: Job) -> None:
    found = described(straight)
    assert found["status"] == "completed"
    assert found["divergence"] is None
    assert (found["task"], found["variant"]) == ("toy", "variant")
    assert (found["seed"], found["study_seed"]) == (0, 1)
    assert settings(found["settings"]) == straight.settings
    assert found["settings_digest"] == straight.settings.digest(1, "toy", 0)
    assert found["code_digest"] == straight.code_digest
    assert (found["steps"], found["episodes"], found["attempts"]) == (160, 16, 1)
    assert found["resumed_at"] == []
    assert found["machine"]["compiled"] is False
    assert found["machine"]["threads"] == 1
    assert {"python", "torch", "numpy", "mujoco"} <= set(found["versions"])
    assert found["wall_s"] > 0.0


def test_a_complete_run_is_not_trained_again(
    straight: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in straight.out.iterdir()}
    monkeypatch.setattr(Training, "__init__", None)
    assert run.train(straight, bar=False) == "completed"
    assert {path.name: path.stat().st_mtime_ns for path in straight.out.iterdir()} == before


def test_a_complete_run_of_code_that_is_shown_equal_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = replace(job(tmp_path, tiny()), out=tmp_path / "study/runs/toy/variant/0")
    run.train(done, bar=False)
    own = done.code_digest
    monkeypatch.setattr("mpo.training.job.code_digest", lambda settings: "f" * 64)
    done = replace(done)  # by another process, which reads the code as it is by now
    record(tmp_path / "study", shown(own, "f" * 64, variant="variant"))
    with monkeypatch.context() as patched:
        patched.setattr(Training, "__init__", None)
        assert run.train(done, bar=False) == "completed"
    assert described(done)["code_digest"] == own
    record(tmp_path / "study", shown(own, "f" * 64))  # of another variant
    assert run.train(done, bar=False) == "completed"
    assert described(done)["code_digest"] == "f" * 64


def test_code_that_is_edited_meanwhile_is_not_what_trained_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, commits = job(tmp_path, tiny()), iter(["before", "after"])
    own, decided = done.code_digest, Training._decided
    monkeypatch.setattr("mpo.training.provenance.git", lambda: {"commit": next(commits)})

    def edited(training: Training, control_steps: int) -> None:
        monkeypatch.setattr("mpo.training.job.code_digest", lambda settings: "f" * 64)
        decided(training, control_steps)

    monkeypatch.setattr(Training, "_decided", edited)
    assert run.train(done, bar=False) == "completed"
    found = described(done)
    assert (found["code_digest"], found["git"]["commit"]) == (own, "before")
    assert state_of(done) == [rundir.FINISHED]


def test_a_run_that_ended_in_this_one_s_place_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = (replace(job(tmp_path / name, tiny()), out=tmp_path / "out") for name in "ab")
    other = replace(other, settings=tiny({"epsilon": 0.2}))
    keep = finished.keep

    def ended_first(state: Path, *what: Any) -> None:
        monkeypatch.setattr(finished, "keep", keep)
        assert run.train(other, bar=False) == "completed"
        keep(state, *what)

    monkeypatch.setattr(finished, "keep", ended_first)
    with pytest.raises(ValueError, match=r"out holds another run, with epsilon 0\.2, not 0\.1"):
        run.train(mine, bar=False)
    assert described(mine)["settings_digest"] == other.settings_digest
    assert finished.kept(mine) is not None


def test_seconds_of_what_is_thrown_away_are_not_the_run_s(tmp_path: Path) -> None:
    done = job(tmp_path, tiny())
    for fresh in (False, True):
        done.state_folder.mkdir(parents=True, exist_ok=True)
        (done.state_folder / "progress.json").write_text('{"wall_s": 5000.0, "cpu_s": 4000.0}')
        assert run.train(done, bar=False, fresh=fresh) == "completed"
        assert (described(done)["wall_s"] < 1000, described(done)["attempts"]) == (True, 1)


def test_a_budget_without_an_update_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    done = job(tmp_path, tiny({"minimum_replay": 161}))
    assert run.train(done, bar=False) == "completed"
    assert "no update falls due: minimum_replay is 161, and the budget has 160" in caplog.text
    assert described(done)["updates"] == 0


def test_a_run_that_another_process_trains_is_refused(tmp_path: Path) -> None:
    held = job(tmp_path, tiny())
    with holding.locked(held.state_folder):
        with pytest.raises(checkpoints.CheckpointError, match="is training this run already"):
            run.train(held, bar=False)
        assert held.state_folder.exists()
    assert not held.out.exists()


def test_a_diverged_run_is_an_outcome_with_its_rows(tmp_path: Path) -> None:
    name = PREFIX + "BrokenPhysics-v0"
    chosen = tiny(environment=name, steps=40)
    diverged = job(tmp_path, chosen)
    assert run.train(diverged, bar=False) == "diverged"
    found = described(diverged)
    assert found["status"] == "diverged"
    seed = diverged.seeds.of(Stream.EPISODE)
    place = f"environment: {name!r} at control step 5 of the episode of seed {seed}: PhysicsError"
    where = found["divergence"].pop("where")
    assert where.startswith(f"{place}: bad qacc (environments.py, line ")
    assert found["divergence"] == {"step": 4, "updates": 0, "what": "physics state"}
    assert (diverged.out / rundir.EVALUATIONS).read_text().count("\n") == 1
    assert state_of(diverged) == [rundir.FINISHED]
    assert run.train(diverged, bar=False) == "diverged"


def test_a_diverged_loss_keeps_the_rows_up_to_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diverged = job(tmp_path, tiny(critic_target_period=1000))
    update = Training._update

    def updating(training: Training) -> None:
        if training.step >= 90:
            training.learner.state.critic.parameters.fill_(float("inf"))
        update(training)

    monkeypatch.setattr(Training, "_update", updating)
    assert run.train(diverged, bar=False) == "diverged"
    found = described(diverged)["divergence"]
    assert found["what"] == "loss_critic"
    with (diverged.out / rundir.EVALUATIONS).open() as rows:
        assert [row["step"] for row in csv.DictReader(rows)] == ["40", "80"]
    with (diverged.out / rundir.TRAINING).open() as rows:
        assert [row["updates"] for row in csv.DictReader(rows)] == ["8", "16", "24"]


def test_state_lies_in_a_folder_of_its_digests() -> None:
    one = Job("toy", "variant", 0, 1, tiny(), Path("out"))
    other = Job("toy", "variant", 1, 1, tiny(), Path("out"))
    assert one.state_folder.parent == Path("state")
    assert one.state_folder != other.state_folder
    assert one.state_folder.name.startswith(one.settings_digest[:16])


def test_large_checkpoints_are_taken_less_often() -> None:
    chosen = Job("toy", "variant", 0, 1, tiny(), Path("out"))
    assert chosen.checkpoint_after_s(0) == chosen.checkpoint_after_s(10 * 2**20) == 60.0
    assert chosen.checkpoint_after_s(347 * 2**20) == 347.0
    assert replace(chosen, checkpoint_s=5.0).checkpoint_after_s(2**40) == 5.0
