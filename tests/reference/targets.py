"""What the critic is regressed on, by loops over sequences and steps."""

import math

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from mpo.algorithm.batch import Batch
from mpo.settings import Settings

from .losses import soft_value
from .networks import Critic, Policy


class Targets:
    """The targets of one batch, from the target networks at one temperature."""

    def __init__(
        self, s: Settings, policy: Policy, critic: Critic, batch: Batch, q: Tensor, eta: Tensor
    ) -> None:
        """`q`: of the action samples at the batch's successors, [N, B]."""
        self.s, self.policy, self.critic = s, policy, critic
        self.batch, self.q, self.eta = batch, q, eta
        self.pairs, self.starts = batch.action.shape[:2]
        self.value = self._backup().reshape(self.pairs, self.starts)

    def _backup(self) -> Tensor:
        if self.s.backup == "policy":
            return self.q.mean(0)
        if self.s.backup == "improved":
            return ((self.q / self.eta).softmax(0) * self.q).sum(0)
        return soft_value(self.q, self.eta)

    def all(self) -> Tensor:
        """One target for each regressed pair [U, S]."""
        gamma, batch = self.s.discount, self.batch
        found = torch.zeros(self.pairs, self.starts)
        for s in range(self.starts):
            length = int(batch.valid[:, s].sum())
            if self.s.returns == "retrace":
                for t in range(length):
                    found[t, s] = self._retrace(s, t, length)
                continue
            rewards = sum(gamma**i * float(batch.reward[i, s]) for i in range(length))
            ended = bool(batch.terminated[:length, s].any())
            found[0, s] = rewards + (0.0 if ended else gamma**length * float(self.value[0, s]))
        return found

    def look_ahead(self) -> Tensor:
        """Steps whose rewards each of these targets counts, by how much of each is left of it."""
        found = torch.zeros(self.pairs, self.starts)
        for s in range(self.starts):
            length = int(self.batch.valid[:, s].sum())
            if self.s.returns != "retrace":
                found[0, s] = length
                continue
            for t in range(length):
                left = 1.0
                for j in range(t, length):
                    left *= self._cut(s, j) if j > t else 1.0
                    found[t, s] += left
        return found

    def _retrace(self, s: int, t: int, length: int) -> float:
        """P1 eq. 13 with the discount that its print lost."""
        gamma, batch = self.s.discount, self.batch
        total, trace = self._action_value(s, t), 1.0
        for j in range(t, length):
            if j > t:
                trace *= self._cut(s, j)
            bootstrap = 0.0 if batch.terminated[j, s] else float(self.value[j, s])
            error = float(batch.reward[j, s]) + gamma * bootstrap - self._action_value(s, j)
            total += gamma ** (j - t) * trace * error
        return total

    def _action_value(self, s: int, k: int) -> float:
        return float(self.critic.value(self.batch.observation[k, s], self.batch.action[k, s]))

    def _cut(self, s: int, k: int) -> float:
        """min(1, π_i(a|s) / b(a|s))."""
        batch = self.batch
        mean, factor = self.policy.gaussian(batch.observation[k, s])
        log_ratio = MultivariateNormal(mean, scale_tril=factor).log_prob(batch.action[k, s])
        log_ratio = float(log_ratio) - float(batch.behaviour_log_prob[k, s])
        return min(1.0, math.exp(log_ratio))
