"""Whole runs, trained apart from the tests."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from mpo.algorithm.networks import unflatten
from mpo.settings import settings
from mpo.training.clock import Clock
from mpo.training.protocols.off_policy import Training
from tests.apart import apart
from tests.runs import finish, seeds


class Trained(NamedTuple):
    """What a finished run knows."""

    mean: np.ndarray
    """The policy's mean action at each of the states asked for, [S, A]."""
    deviation: np.ndarray
    """Its standard deviation there, [S, A]."""
    evaluations: list[dict[str, Any]]


def trained(fields: dict[str, Any], states: list[float]) -> Trained:
    """A run of seed 0 with `fields`, and its policy at `states`, which are seen beside a 1."""
    return apart(_trained, fields, states)


def _trained(fields: dict[str, Any], states: list[float]) -> Trained:
    torch.manual_seed(0)
    training = Training(settings(fields), seeds(), Clock())
    finish(training)
    training.close()
    networks = training.networks
    named = unflatten(training.learner.state.policy.parameters, networks.policy_shapes())
    policy = networks.policy(named, torch.tensor([[state, 1.0] for state in states]))
    deviation = networks.covariance.deviation(policy.scale)
    return Trained(policy.mean.numpy(), deviation.numpy(), list(training.evaluations))
