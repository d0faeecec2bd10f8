"""Weights of pairs and of successors: what enters the critic's mean, and what the policy's."""

import torch

from mpo.algorithm.batch import Batch
from mpo.algorithm.policy_evaluation.evaluation import state_weights, successor_weights


def batch(valid: list[list[float]], terminated: list[list[float]], regressed: int) -> Batch:
    """Sequences as columns, of which the first `regressed` steps are regressed."""
    steps, sequences = len(valid), len(valid[0])
    nothing = torch.zeros(steps, sequences)
    action = torch.zeros(regressed, sequences, 1)
    observation = torch.zeros(regressed + 1, sequences, 1)
    fields = torch.tensor(terminated), torch.tensor(valid)
    return Batch(observation, action, nothing, nothing[:regressed], *fields)


def test_a_terminated_successor_is_no_state() -> None:
    made = batch([[1, 1], [1, 0]], [[0, 1], [0, 0]], 2)
    torch.testing.assert_close(state_weights(made), torch.tensor([1, 1, 1, 0]) / 3)
    torch.testing.assert_close(successor_weights(made), torch.tensor([1, 0, 1, 0]) / 2)


def test_the_successor_of_several_steps_is_gone_once_one_terminated() -> None:
    made = batch([[1, 1, 1], [1, 1, 0]], [[0, 0, 1], [1, 0, 0]], 1)
    torch.testing.assert_close(state_weights(made), torch.ones(3) / 3)
    torch.testing.assert_close(successor_weights(made), torch.tensor([0.0, 1.0, 0.0]))


def test_what_padding_holds_terminates_nothing() -> None:
    made = batch([[1, 1], [0, 1]], [[0, 0], [1, 0]], 1)
    torch.testing.assert_close(successor_weights(made), torch.ones(2) / 2)


def test_nothing_is_weighed_where_everything_terminated() -> None:
    made = batch([[1, 1]], [[1, 1]], 1)
    torch.testing.assert_close(successor_weights(made), torch.zeros(2))
