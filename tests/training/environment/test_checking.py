"""What is tried before a run starts, and that the run does not notice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mpo.training import run, session
from mpo.training.environment import EnvironmentFault
from tests.environments import PREFIX
from tests.runs import contents, job, tiny
from tests.training.environment.making import Made, check

pytestmark = pytest.mark.usefixtures("unchecked")


class Unseeded(Made):
    """Noise that no seed determines, in one part of what it returns."""

    noise = np.random.default_rng(0)

    def __init__(self, where: str, after: int = 0) -> None:
        super().__init__()
        self._where, self._after, self._taken = where, after, 0

    def reset(self, **kwargs: Any) -> Any:
        observation, info = super().reset(**kwargs)
        self._taken = 0
        return observation + self._drawn("reset"), info

    def step(self, action: Any) -> Any:
        observation, reward, *rest = super().step(action)
        self._taken += 1
        return observation + self._drawn("step"), reward + self._drawn("reward"), *rest

    def _drawn(self, where: str) -> np.float32:
        return np.float32(self.noise.random() if self._noisy(where) else 0.0)

    def _noisy(self, where: str) -> bool:
        return where == self._where and self._taken >= self._after


@pytest.mark.parametrize("where", ["reset", "step", "reward"])
def test_what_its_seed_does_not_determine_is_refused(where: str) -> None:
    with pytest.raises(EnvironmentFault, match="is not determined by its seed: two episodes of"):
        check(Unseeded, where=where)
    check(Unseeded, where="nowhere")


@pytest.mark.parametrize("where", ["step", "reward"])
def test_noise_that_begins_late_is_refused(where: str) -> None:
    with pytest.raises(EnvironmentFault, match="is not determined by its seed: two episodes of"):
        check(Unseeded, where=where, after=20)


def test_each_bound_is_tried() -> None:
    class OneSided(Made):
        def step(self, action: np.ndarray) -> Any:
            if action[0] < 0.0:
                raise ValueError("the valve only opens")
            return super().step(action)

    with pytest.raises(EnvironmentFault, match="ValueError: the valve only opens"):
        check(OneSided)


def test_a_run_does_not_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked, unchecked = (job(tmp_path / kind, tiny()) for kind in ("checked", "unchecked"))
    run.train(checked, bar=False)
    called = []
    monkeypatch.setattr(session, "require_contract", called.append)
    run.train(unchecked, bar=False)
    assert called == [unchecked.settings]
    assert contents(checked) == contents(unchecked)


@pytest.mark.parametrize("name", ["BrokenReward-v0", "BrokenObservation-v0"])
def test_a_fault_is_an_error_and_never_an_outcome(name: str, tmp_path: Path) -> None:
    """At the fifth step, which the check does not reach."""
    faulty = job(tmp_path, tiny(environment=PREFIX + name, steps=40))
    for _ in range(2):  # nor is there anything that a second try would take for a finished run
        with pytest.raises(EnvironmentFault, match="at control step 5 of the episode of seed "):
            run.train(faulty, bar=False)
        assert not faulty.out.exists() or not list(faulty.out.iterdir())
