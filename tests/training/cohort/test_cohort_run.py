"""A cohort as a job: the files of single runs, whatever stops it on the way."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from mpo import rundir
from mpo.settings import Settings
from mpo.settings.digests import code_digest
from mpo.training import run
from mpo.training.cohort import run as cohorts
from mpo.training.cohort.crew import WorkerFault, Workers
from mpo.training.cohort.job import CohortJob, MemberJob, ranges
from mpo.training.cohort.session import CohortSession
from mpo.training.environment import Environment
from mpo.training.holding import locked
from mpo.training.stopping import Interrupted
from tests.apart import apart
from tests.runs import BYTES, TRIED, contents, job, signalled, tiny

pytestmark = pytest.mark.usefixtures("unchecked")
SHORT = {"steps": 80, "evaluation_points": 2}
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device here")


def cohort(folder: Path, chosen: Settings, *seeds: int, workers: int = 1) -> CohortJob:
    first = MemberJob("toy", "variant", 0, 1, chosen, folder, states=folder / "state")
    return CohortJob.of(first, seeds, folder / "runs", workers)


def files(done: CohortJob) -> list[dict[str, bytes]]:
    return [{name: (each.out / name).read_bytes() for name in BYTES} for each in done.members]


def described(member: MemberJob) -> dict[str, Any]:
    return json.loads((member.out / rundir.RUN).read_text())


def alone(folder: Path, chosen: Settings, seed: int) -> dict[str, bytes]:
    single = job(folder, chosen, seed)
    assert run.train(single, bar=False) == "completed"
    return contents(single)


def test_every_run_has_the_files_of_one_trained_alone(tmp_path: Path) -> None:
    chosen = tiny(SHORT)
    made = cohort(tmp_path, chosen, 0, 4)
    assert cohorts.train(made, bar=False) == {0: "completed", 4: "completed"}
    assert files(made) == [alone(tmp_path / str(seed), chosen, seed) for seed in (0, 4)]
    for member in made.members:
        assert {path.name for path in member.out.iterdir()} == set(rundir.RUN_FILES)
        found = described(member)
        assert found["cohort"] == [0, 4]
        assert found["seed"] == member.seed
        assert found["settings_digest"] == job(tmp_path, chosen, member.seed).settings_digest
        assert found["code_digest"] == code_digest(chosen, cohort=True) != code_digest(chosen)
        with (member.out / rundir.TIMING).open() as rows:
            last = list(csv.DictReader(rows))[-1]
        assert 0 < float(last["environment_s"]) < float(last["wall_s"])
        assert 0 < float(last["update_s"]) < float(last["wall_s"])
        assert [path.name for path in member.state_folder.iterdir()] == [rundir.FINISHED]
    assert not made.state_folder.exists()


def test_finished_runs_are_not_trained_again_and_the_others_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = tiny(SHORT)
    both, one = cohort(tmp_path, chosen, 0, 4), cohort(tmp_path, chosen, 0)
    assert cohorts.train(one, bar=False) == {0: "completed"}
    assert cohorts.train(both, bar=False) == {0: "completed", 4: "completed"}
    assert described(both.members[0])["cohort"] == [0]
    assert described(both.members[1])["cohort"] == [4]
    for path in both.members[1].out.iterdir():
        path.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohorts, "_attempt", None)  # nothing is trained
        cohorts.train(both, bar=False)
    assert "put in place from" in caplog.text
    assert files(both)[1] == alone(tmp_path / "alone", chosen, 4)


@pytest.mark.parametrize(
    "calls",
    [(TRIED + 61,), (TRIED + 90,), (TRIED + 3, TRIED + 120)],
    ids=["within an episode", "within an evaluation", "twice"],
)
def test_stopped_and_called_again_it_equals_one_never_stopped(
    tmp_path: Path, calls: tuple[int, ...]
) -> None:
    chosen = tiny(SHORT)
    straight, stopped = (cohort(tmp_path / name, chosen, 0, 4) for name in ("one", "other"))
    cohorts.train(straight, bar=False)
    for call in calls:
        with signalled(Environment, "step", call), pytest.raises(Interrupted, match="seeds 0,4"):
            cohorts.train(stopped, bar=False)
        told = json.loads((stopped.members[1].state_folder / rundir.PROGRESS).read_text())
        assert told["ended"]["how"] == "stopped"
    assert cohorts.train(stopped, bar=False) == {0: "completed", 4: "completed"}
    assert files(stopped) == files(straight)
    assert described(stopped.members[0])["attempts"] == len(calls) + 1


def test_one_diverging_run_is_marked_and_the_others_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = tiny(SHORT, critic_target_period=1000)
    update = CohortSession._update

    def updating(session: CohortSession, drawn: list[int]) -> None:
        if session.members[1].step >= 50:
            session.members[1].learner.state.critic.parameters.fill_(float("inf"))
        update(session, drawn)

    monkeypatch.setattr(CohortSession, "_update", updating)
    made = cohort(tmp_path, chosen, 0, 4)
    assert cohorts.train(made, bar=False) == {0: "completed", 4: "diverged"}
    assert described(made.members[1])["divergence"]["what"] == "loss_critic"
    assert files(made)[0] == alone(tmp_path / "alone", chosen, 0)


def test_a_worker_that_dies_is_an_error_and_the_cohort_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = tiny(SHORT)
    made, play, rounds = cohort(tmp_path, chosen, 0, 4, workers=2), Workers.play, 0

    def playing(crew: Workers) -> Any:
        nonlocal rounds
        rounds += 1
        if rounds == 8:
            crew._processes[1].kill()
            crew._processes[1].join()
        return play(crew)

    monkeypatch.setattr(Workers, "play", playing)
    with pytest.raises(WorkerFault, match="a worker that plays runs of the cohort is gone"):
        cohorts.train(made, bar=False)
    assert cohorts.train(made, bar=False) == {0: "completed", 4: "completed"}
    assert files(made)[1] == alone(tmp_path / "alone", chosen, 4)


def test_another_process_s_run_is_not_trained_beside_it(tmp_path: Path) -> None:
    made = cohort(tmp_path, tiny(SHORT), 0, 4)
    with (
        locked(made.members[1].state_folder),
        pytest.raises(Exception, match="is training this run already"),
    ):
        cohorts.train(made, bar=False)


def test_seeds_are_told_as_they_are_asked_for() -> None:
    assert ranges((0, 1, 2, 5, 7, 8)) == "0-2,5,7-8"


def _one_equals_a_single(folder: Path, compiled: bool) -> bool:
    chosen = tiny(SHORT, device="cuda", compile=compiled)
    one = cohort(folder, chosen, 4)
    cohorts.train(one, bar=False)
    return files(one) == [alone(folder / "alone", chosen, 4)]


@GPU
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_on_a_gpu_a_cohort_of_one_has_the_bytes_of_a_single_run(
    tmp_path: Path, compiled: bool
) -> None:
    assert apart(_one_equals_a_single, tmp_path, compiled)


def _however_it_came(folder: Path, compiled: bool) -> bool:
    """Straight, played by workers, and stopped on the way."""
    chosen = tiny(SHORT, device="cuda", compile=compiled)
    straight = cohort(folder / "straight", chosen, 0, 4, 5)
    played = cohort(folder / "played", chosen, 0, 4, 5, workers=3)
    stopped = cohort(folder / "stopped", chosen, 0, 4, 5)
    with signalled(Environment, "step", TRIED + 61), pytest.raises(Interrupted):
        cohorts.train(stopped, bar=False)
    for each in (straight, played, stopped):
        assert set(cohorts.train(each, bar=False).values()) == {"completed"}
    return files(straight) == files(played) == files(stopped)


@GPU
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_on_a_gpu_a_cohort_has_its_bytes_however_it_came(tmp_path: Path, compiled: bool) -> None:
    assert apart(_however_it_came, tmp_path, compiled)
