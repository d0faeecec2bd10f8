"""The floor counts the products of an update: by hand, and as PyTorch counts those it runs."""

from __future__ import annotations

import pytest
from torch.utils.flop_counter import FlopCounterMode

from mpo.algorithm.networks import Networks
from mpo.benchmark.floor import Product, floating_point_operations, products
from mpo.benchmark.subject import Subject, subject
from mpo.settings import option, settings
from mpo.study.entries import load_variants

VARIANTS = ["paper", "huber", "td0", "stabilised", "improved_estep", "soft_estep", "no_kl"]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("action_entry", ["second", "input"])
def test_pytorch_runs_these_products_and_no_others(variant: str, action_entry: str):
    """The uncompiled update runs them through its library, beside the means over states of the two
    KL terms, forward and backward, which are no products of networks.
    """
    made = Subject(
        load_variants()[variant].settings, compile=False, action_entry=action_entry, batch_size=64
    )
    batch = made.batch()
    with FlopCounterMode(display=False) as counter:
        made.learner.update(batch)
    constraints = option("kl", made.settings.kl).count(made.networks.action_size)
    means = 2 * 2 * Product("mean over states", 1, 64, constraints).operations
    expected = floating_point_operations(made.networks) + means
    assert counter.get_total_flops() == expected


@pytest.mark.parametrize("repeats", [1, 5])
def test_pytorch_runs_these_products_for_a_batch_of_an_iteration(repeats: int):
    made = subject(
        load_variants()["seed_report"].settings, compile=False, batch_size=64, mstep_repeats=repeats
    )
    batch = made.batch()
    with FlopCounterMode(display=False) as counter:
        made.learner.update(batch)
    assert counter.get_total_flops() == floating_point_operations(made.networks)


def test_a_small_update_by_hand():
    """O = 3, A = 2, nets of 5-7 and 4-6, B = 8 and N = 10, one-step targets, diagonal."""
    chosen = settings(
        {
            "returns": "td0",
            "covariance": "diagonal",
            "policy_hidden": (5, 7),
            "critic_hidden": (4, 6),
            "batch_size": 8,
            "action_samples": 10,
        }
    )
    policy = 3 * 5 + 5 * 7 + 7 * 4
    policy_back = policy + 5 * 7 + 7 * 4
    state, action, head = 3 * 4 + 4 * 6, 2 * 6, 6
    target = 8 * (policy + state) + 80 * (action + head)
    critic = 8 * (state + action + head)
    critic_back = critic + 8 * (4 * 6 + head)  # into the first layer's units, and out of the head
    expected = 2 * (target + 8 * (policy + policy_back) + critic + critic_back)
    assert floating_point_operations(Networks(chosen, 3, 2)) == expected


def test_a_product_counts_multiplications_and_additions():
    assert Product("any", 2, 3, 4).operations == 2 * 2 * 3 * 4


def test_an_update_with_other_products_is_refused():
    with pytest.raises(ValueError, match="'parametric' has no floor"):
        products(Subject(load_variants()["parametric"].settings, compile=False).networks)
