"""A run that was cut off goes on: after crashes, with a damaged checkpoint, elsewhere."""

from dataclasses import replace
from pathlib import Path

import pytest

from mpo.settings import settings
from mpo.training import checkpoints, resumption, run
from mpo.training.environment import Environment
from mpo.training.job import Job
from mpo.training.protocols.off_policy import Training
from mpo.training.stopping import Interrupted
from tests.runs import TRIED, contents, described, job, signalled, tiny

pytestmark = pytest.mark.usefixtures("unchecked")


class Crash(Exception):
    """The process dies."""


@pytest.mark.parametrize("decision", [2, 25, 88, 159])
def test_after_a_crash_at_any_moment_a_run_equals_one_never_interrupted(
    straight: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decision: int
) -> None:
    """The crash comes two decisions after a checkpoint, within an episode or about its end."""
    crashed = replace(job(tmp_path / "crashed", tiny()), checkpoint_s=0.0)
    save = checkpoints.save

    def some(state: Path, content: dict) -> None:
        if content["training"]["collector"]["step"] == decision - 2:
            save(state, content)

    def deciding(training: Training, control_steps: int) -> None:
        decided(training, control_steps)
        if training.step == decision:
            raise Crash

    decided = Training._decided
    monkeypatch.setattr(checkpoints, "save", some)
    with monkeypatch.context() as patch:
        patch.setattr(Training, "_decided", deciding)
        with pytest.raises(Crash):
            run.train(crashed, bar=False)
    assert run.train(crashed, bar=False) == "completed"
    assert contents(crashed) == contents(straight)
    assert described(crashed)["resumed_at"] == ([decision - 2] if decision > 2 else [])


def test_a_damaged_checkpoint_falls_back_to_the_previous_one(
    straight: Job, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = replace(job(tmp_path / "damaged", tiny()), checkpoint_s=0.0)
    with signalled(Environment, "step", TRIED + 60), pytest.raises(Interrupted):
        run.train(damaged, bar=False)
    file = damaged.state_folder / checkpoints.CURRENT
    payload = bytearray(file.read_bytes())
    payload[-100] ^= 255
    file.write_bytes(payload)
    assert run.train(damaged, bar=False) == "completed"
    assert "checksum does not match" in caplog.text
    assert contents(damaged) == contents(straight)
    assert described(damaged)["resumed_at"] == [49]


def interrupted(folder: Path) -> Job:
    stopped = job(folder, tiny())
    with signalled(Environment, "step", TRIED + 16), pytest.raises(Interrupted):
        run.train(stopped, bar=False)
    return stopped


def test_another_mode_refuses_to_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = interrupted(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(resumption, "_mode", lambda training: {"compiled": True})
        with pytest.raises(checkpoints.CheckpointError, match="its checkpoint has mode"):
            run.train(stopped, bar=False)
    assert run.train(stopped, bar=False) == "completed"


def test_another_run_s_checkpoint_is_refused(tmp_path: Path) -> None:
    stopped = interrupted(tmp_path)
    other = Job("toy", "variant", 1, 1, stopped.settings, stopped.out, stopped.state)
    with pytest.raises(checkpoints.CheckpointError, match="settings_digest"):
        run.train(other, bar=False)


def test_a_run_that_changes_processors_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here = resumption.provenance.kind(settings({}))
    stopped = interrupted(tmp_path)
    monkeypatch.setattr(resumption.provenance, "kind", lambda device: "another kind")
    assert run.train(stopped, bar=False) == "completed"
    found = described(stopped)
    (step,) = found["resumed_at"]
    assert found["processors"] == [
        {"step": 0, "processor": here},
        {"step": step, "processor": "another kind"},
    ]
    assert f"resumed on another kind, after {here}: the bytes may be other" in caplog.text


def test_a_run_that_stays_names_one_processor_however_often_it_is_resumed(tmp_path: Path) -> None:
    stopped = interrupted(tmp_path)
    assert run.train(stopped, bar=False) == "completed"
    assert [one["step"] for one in described(stopped)["processors"]] == [0]
