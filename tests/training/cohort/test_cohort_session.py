"""A cohort under way: each member as if it were alone, whatever becomes of the others."""

from __future__ import annotations

from collections import Counter
from typing import Any
from unittest import mock

import pytest

from mpo.algorithm.cohort.member import Member
from mpo.settings import Settings, SettingsError
from mpo.training import checkpoints
from mpo.training.clock import Clock
from mpo.training.cohort.crew import crew
from mpo.training.cohort.session import CohortSession
from mpo.training.environment import Diverged, Environment
from mpo.training.protocols.off_policy import Training
from mpo.training.seeds import Stream
from mpo.training.trained import Trained
from tests.apart import apart
from tests.learning import VARIANTS
from tests.runs import TRIED, finish, seeds, tiny

pytestmark = pytest.mark.usefixtures("unchecked")
SHORT = {"steps": 80, "evaluation_points": 2}
CASES: dict[str, dict[str, Any]] = {
    "paper": VARIANTS["paper"],
    "exact_dual": VARIANTS["exact_dual"],
    "several updates a decision": {"action_repeat": 6, "steps": 96},
    "a ring of few rows": {"replay_capacity": 30},
    "an average": {"policy_average": 3},
}


def told(run: Trained) -> tuple[Any, ...]:
    """All that its files are made of, but for times."""
    numbers = run.step, run.episodes, run.learner.updates, run.cut_at
    rows = repr(run.evaluations), repr(run.logs.training)
    return *numbers, *rows, run.learner.evaluated_parameters().tobytes()


def alone(chosen: Settings, seed: int) -> tuple[Any, ...]:
    training = Training(chosen, seeds(seed), Clock())
    finish(training)
    training.close()
    return told(training)


def begun(chosen: Settings, *of: int, **how: Any) -> CohortSession:
    return CohortSession(chosen, [seeds(seed) for seed in of], **how)


def walked(cohort: CohortSession) -> list[tuple[Any, ...]]:
    for _ in cohort.walk():
        pass
    cohort.close()
    return [told(member) for member in cohort.members]


@pytest.mark.parametrize("case", CASES)
def test_members_have_the_bytes_of_runs_alone(case: str) -> None:
    chosen = tiny({**SHORT, **CASES[case]})
    assert walked(begun(chosen, 0, 4)) == [alone(chosen, 0), alone(chosen, 4)]


def _compiled(name: str) -> bool:
    chosen = tiny({**SHORT, **VARIANTS[name]}, compile=True)
    cohort = begun(chosen, 0, 4, 7)
    assert cohort.learner.compiled
    return walked(cohort) == [alone(chosen, seed) for seed in (0, 4, 7)]


@pytest.mark.soak
@pytest.mark.parametrize("name", ["stabilised", "exact_dual"])
def test_compiled_members_have_the_bytes_of_compiled_runs_alone(name: str) -> None:
    assert apart(_compiled, name)


def test_who_the_others_are_and_where_they_are_played_changes_nothing() -> None:
    chosen = tiny(SHORT)
    one, two = walked(begun(chosen, 0, 4, workers=2))
    assert walked(begun(chosen, 4)) == [two]
    assert walked(begun(chosen, 7, 0))[1] == one


def diverging(seed: int) -> Any:
    """Whatever is updated after 5 updates of the run of `seed` is not finite from there on."""
    noise, original = seeds(seed).of(Stream.NOISE), Member.update

    def update(member: Member, batch: Any) -> None:
        if member.noise.initial_seed() == noise and member.updates == 5:
            member.state.critic.parameters.fill_(float("inf"))
        original(member, batch)

    return mock.patch.object(Member, "update", update)


def test_a_member_that_diverges_is_frozen_and_the_others_go_on() -> None:
    chosen = tiny(SHORT, critic_target_period=1000, logging_updates=4)
    cohort = begun(chosen, 0, 4, 5)
    with diverging(4):
        ends = walked(cohort)
    assert [ends[0], ends[2]] == [alone(chosen, 0), alone(chosen, 5)]
    divergence = cohort.members[1].divergence
    assert divergence is not None
    assert divergence["what"] == "loss_critic"
    assert divergence["updates"] == cohort.members[1].learner.updates == 8  # the next row
    assert [row["updates"] for row in cohort.members[1].logs.training] == [4, 8]
    assert cohort.members[0].divergence is cohort.members[2].divergence is None


def test_a_member_whose_simulator_diverges_ends_as_it_would_alone() -> None:
    chosen = tiny(SHORT)
    original, counts = Environment.step, Counter[Environment]()

    def step(environment: Environment, action: Any) -> Any:
        counts[environment] += 1
        if counts[environment] == 31:
            raise Diverged("physics state", "made up")
        return original(environment, action)

    cohort, training = begun(chosen, 0, 4), Training(chosen, seeds(0), Clock())
    with mock.patch.object(Environment, "step", step):
        ends = walked(cohort)
        with pytest.raises(Diverged):
            finish(training)
    assert ends[0] == told(training)
    assert cohort.members[0].divergence == {
        "step": training.step,
        "updates": training.learner.updates,
        "what": "physics state",
        "where": "made up",
    }


def restored(chosen: Settings, saved: dict[str, Any], *of: int, **how: Any) -> CohortSession:
    cohort = begun(chosen, *of, **how)
    cohort.restore(saved)
    return cohort


@pytest.mark.parametrize("workers", [1, 2])
def test_a_cohort_saved_on_the_way_goes_on_as_if_it_had_not_been(tmp_path, workers: int) -> None:
    """Between rounds and, paused, between any decisions: of training, and of an evaluation."""
    chosen = tiny(SHORT)
    straight = walked(begun(chosen, 0, 4))
    cohort, saved = begun(chosen, 0, 4, workers=workers), []
    for number, _ in enumerate(cohort.walk()):
        if number % 5 == 4:
            checkpoints.save(tmp_path, cohort.checkpoint())
            saved.append(checkpoints.load(tmp_path)[0])
            cohort.desk.pause[0] = number % 10 == 4  # the next rounds are of one decision each
    cohort.close()
    assert [told(member) for member in cohort.members] == straight
    assert len(saved) > 4
    for each in (saved[0], saved[len(saved) // 2], saved[-1]):
        assert walked(restored(chosen, each, 0, 4)) == straight
    assert walked(restored(chosen, saved[1], 4)) == straight[1:]  # by itself, too


def test_within_an_evaluation_it_can_be_paused(tmp_path) -> None:
    chosen = tiny(SHORT, evaluation_episodes=2)
    straight = walked(begun(chosen, 0, 4))
    cohort = begun(chosen, 0, 4)
    calls = TRIED + 40 + 15  # in the second evaluation episode of the first member
    original, count = Environment.step, TRIED

    def step(environment: Environment, action: Any) -> Any:
        nonlocal count
        count += 1
        if count == calls:
            cohort.pause()
        return original(environment, action)

    with mock.patch.object(Environment, "step", step):
        for _ in cohort.walk():
            if cohort.desk.paused:
                break
    checkpoints.save(tmp_path, cohort.checkpoint())
    cohort.close()
    (saved, _), steps = checkpoints.load(tmp_path), cohort.desk.step.tolist()
    assert saved is not None
    assert max(steps) <= 40
    assert walked(restored(chosen, saved, 0, 4)) == straight


@pytest.mark.parametrize("workers", [1, 2])
def test_one_that_cannot_be_made_leaves_no_worker(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a card's memory is too small for its replays."""
    crews: list[Any] = []

    def made(*of: Any) -> Any:
        crews.append(crew(*of))
        return crews[-1]

    def full(*_: Any) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr("mpo.training.cohort.session.crew", made)
    monkeypatch.setattr("mpo.training.cohort.session.Storage", full)
    with pytest.raises(RuntimeError, match="out of memory"):
        begun(tiny(), 0, 1, workers=workers)
    assert not any(process.is_alive() for process in getattr(crews[0], "_processes", ()))


def test_protocols_that_have_no_cohorts_are_named() -> None:
    fields = {"protocol": "iterations", "returns": "td0", "dual_solver": "newton"}
    with pytest.raises(SettingsError, match=r"protocol: 'iterations' .* cohorts are off_policy"):
        begun(tiny().model_copy(update=fields), 0)
