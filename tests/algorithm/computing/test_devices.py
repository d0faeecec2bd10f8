"""`device: cuda`: the same numbers as on the CPU to rounding, whole runs, and its absence said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from mpo import rundir
from mpo.algorithm.batch import Batch
from mpo.algorithm.computing.optimiser import Adam
from mpo.algorithm.update import State, Update
from mpo.settings import SettingsError
from mpo.training import run
from tests.learning import ACTION, VARIANTS, compiled_against_eager, drawn, filled, learner, small
from tests.runs import contents, job, tiny

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device here")
TOLERANCE = 1e-3


def test_a_device_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SettingsError, match=r"device: 'cuda' is not allowed; PyTorch .* no GPU"):
        run.train(job(tmp_path, tiny(device="cuda")), bar=False)
    assert not list(tmp_path.iterdir())


@GPU
@pytest.mark.parametrize("name", VARIANTS)
def test_an_update_on_the_gpu_equals_one_on_the_cpu(name: str) -> None:
    """The same state, batch and noise, uncompiled."""
    chosen = small(VARIANTS[name])
    made = learner(chosen)
    batch = drawn(filled(0), chosen, 0)
    pairs = batch.action.shape[0] * batch.action.shape[1]
    noise = torch.randn(chosen.action_samples, pairs, ACTION)
    there = torch.device("cuda")
    policy, critic, multipliers = (
        Adam(*(tensor.to(there) for tensor in part)) for part in made.state[:3]
    )
    targets = made.state.target_policy.to(there), made.state.target_critic.to(there)
    moved = State(policy, critic, multipliers, *targets)
    update = Update(made.networks)
    new, ours = update(made.state, batch, noise)
    changed, theirs = update(moved, Batch(*(field.to(there) for field in batch)), noise.to(there))
    for found, expected in (
        (theirs, ours),
        (changed.policy.first, new.policy.first),
        (changed.critic.first, new.critic.first),
        (changed.multipliers.parameters, new.multipliers.parameters),
    ):
        least = TOLERANCE * float(expected.nan_to_num().abs().max())
        torch.testing.assert_close(
            found.cpu(), expected, rtol=TOLERANCE, atol=least, equal_nan=True
        )


@GPU
@pytest.mark.parametrize("name", ["paper", "stabilised", "exact_dual"])
def test_compiled_updates_on_the_gpu_equal_eager_ones(name: str) -> None:
    assert compiled_against_eager([{**VARIANTS[name], "device": "cuda"}]) < TOLERANCE


@GPU
def test_a_run_on_the_gpu_ends_and_says_where_it_ran(tmp_path: Path) -> None:
    first, second = (job(tmp_path / name, tiny(device="cuda")) for name in ("first", "second"))
    for one in (first, second):
        assert run.train(one, bar=False) == rundir.COMPLETED
    machine = json.loads((first.out / rundir.RUN).read_text())["machine"]
    assert machine["device"] == torch.cuda.get_device_name()
    assert contents(first) == contents(second)
