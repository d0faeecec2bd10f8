"""That Q cycles is checked by the stability of the fixed point that it circles."""

import numpy as np
import pytest
import torch
from scipy.optimize import root

from mpo.algorithm.policy_evaluation.backups import improved
from mpo.theory import cycling
from mpo.theory.mdp import random_mdps

ETA = 0.3


SWEEPS = 2500


@pytest.fixture(scope="module")
def mdps():
    """Some of the processes, a few that cycle among them."""
    return cycling.processes()[np.arange(60)]


@pytest.fixture(scope="module")
def swept(mdps):
    """What `SWEEPS` sweeps of `improved` come to."""
    start = np.zeros_like(mdps.reward)
    return cycling.sweep(mdps, "improved", np.full(len(start), ETA), SWEEPS, start)


def spectral_radius(mdp, start):
    """Of the Jacobian, by autodiff, of one sweep at the fixed point that Newton finds."""
    transition, reward = torch.from_numpy(mdp.transition), torch.from_numpy(mdp.reward)
    eta = torch.tensor(ETA, dtype=torch.float64)

    def sweep(flat):
        values = improved.value(flat.reshape(reward.shape).T, eta)
        return (reward + mdp.discount * transition @ values).reshape(-1)

    def jacobian(flat):
        found = torch.autograd.functional.jacobian(sweep, torch.from_numpy(flat))
        assert isinstance(found, torch.Tensor)
        return found.numpy()

    found = root(
        lambda flat: sweep(torch.from_numpy(flat)).numpy() - flat,
        start.ravel(),
        jac=lambda flat: jacobian(flat) - np.eye(len(flat)),
        method="hybr",
        options={"maxfev": 2000},
    )
    assert found.success
    return float(np.abs(np.linalg.eigvals(jacobian(found.x))).max())


def test_processes_that_cycle_circle_an_unstable_point(mdps, swept):
    last = swept.change[-200:].max(0)
    cycles = np.flatnonzero(last > 0.01)
    assert 1 <= len(cycles) <= 10
    for index in cycles:
        assert spectral_radius(mdps[int(index)], swept.q[index]) > 1.0


def test_processes_that_settle_do_so_at_a_stable_point(mdps, swept):
    settled = np.flatnonzero(~swept.moving)
    assert len(settled) > 30
    for index in settled[:8]:
        assert spectral_radius(mdps[int(index)], swept.q[index]) < 1.0


def test_those_that_still_move_are_swept_on(mdps, swept, monkeypatch):
    """Cut off early nearly all still move; what moves at the very end is what counts."""
    for name, value in {"FIRST": 200, "LAST": 1300, "WATCHED": 100}.items():
        monkeypatch.setattr(cycling, name, value)
    monkeypatch.setattr(cycling, "SETTLED", 1e-4)
    found = cycling.cycling(mdps, "improved", np.full(len(mdps.reward), ETA))
    np.testing.assert_array_equal(found, swept.change[1400:1500].max(0) > 1e-4)


def test_soft_contracts_by_the_discount(mdps):
    temperature = np.full(len(mdps.reward), ETA)
    change = cycling.sweep(mdps, "soft", temperature, 200, np.zeros_like(mdps.reward)).change
    assert (change[1:] <= cycling.DISCOUNT * change[:-1] + 1e-12).all()


def test_improved_does_not_contract(mdps):
    temperature = np.full(len(mdps.reward), ETA)
    change = cycling.sweep(mdps, "improved", temperature, 200, np.zeros_like(mdps.reward)).change
    assert (change[1:] > change[:-1]).any()


def test_counts_add_up_what_was_found():
    found = {"improved": np.zeros((6, 400), bool), "soft": np.zeros((6, 400), bool)}
    found["improved"][2, :7] = True
    counts = cycling.counts(found)
    row = counts[(counts["backup"] == "improved") & (counts["temperature"] == 0.2)]
    assert list(row["cycling"]) == [7]
    assert counts["cycling"].sum() == 7


def test_moving_looks_at_the_last_sweeps_alone():
    change = np.ones((3000, 2))
    change[-cycling.WATCHED :, 1] = 0.0
    assert list(cycling.Swept(change, np.zeros((2, 1, 1))).moving) == [True, False]


def test_processes_are_nearly_deterministic():
    wide = random_mdps(np.random.default_rng(0), 400, 2, 2, 0.99, 1.0)
    assert cycling.processes().transition.max(-1).mean() > wide.transition.max(-1).mean()
