"""Refreshes of target networks, in place."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from mpo.algorithm.policy_evaluation.target_updates import hard, polyak
from tests.draws import normal


def test_hard_copies_and_leaves_the_online_network() -> None:
    target, online = normal(0, 5), normal(1, 5)
    hard.refresh(target, online, 0.005)
    torch.testing.assert_close(target, normal(1, 5))
    online[0] = 7.0
    assert target[0] != 7.0


@given(st.floats(0.001, 1.0))
def test_polyak_moves_by_its_share(share: float) -> None:
    target, online = normal(0, 5), normal(1, 5)
    polyak.refresh(target, online, share)
    torch.testing.assert_close(target, (1.0 - share) * normal(0, 5) + share * online)
    torch.testing.assert_close(online, normal(1, 5))
