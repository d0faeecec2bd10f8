"""Targets of the critic against plain loops and exact policy evaluation."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mpo.algorithm.policy_evaluation.returns import Transitions, n_step, retrace, td0
from mpo.settings import settings
from tests.draws import generator, normal, random_process, seeds

DISCOUNT = 0.9


def transitions(seed: int, steps: int, sequences: int, ends: bool = True) -> Transitions:
    """Sequences of which some end early, by termination or truncation; padding holds numbers."""
    shape = (steps, sequences)
    length = torch.randint(1, steps + 1, (sequences,), generator=generator(seed))
    if not ends:
        length = torch.full((sequences,), steps)
    valid = (torch.arange(steps)[:, None] < length).double()
    last = (torch.arange(steps)[:, None] == length - 1).double()
    by_rule = (torch.rand(sequences, generator=generator(seed + 1)) < 0.5).double()
    return Transitions(
        reward=normal(seed + 2, *shape),
        terminated=last * by_rule if ends else torch.zeros(shape, dtype=torch.float64),
        valid=valid,
        value=normal(seed + 3, *shape),
        action_value=normal(seed + 4, *shape),
        log_ratio=normal(seed + 5, *shape),
    )


def retrace_by_loop(given_: Transitions, s: int, t: int) -> float:
    """P1 eq. 13 as a double loop over j and k, for one pair."""
    total, trace, power = float(given_.action_value[t, s]), 1.0, 1.0
    for j in range(t, given_.reward.shape[0]):
        if given_.valid[j, s] == 0:
            break
        if j > t:
            trace *= min(1.0, float(given_.log_ratio[j, s].exp()))
        bootstrap = 0.0 if given_.terminated[j, s] else float(given_.value[j, s])
        error = float(given_.reward[j, s]) + DISCOUNT * bootstrap
        total += power * trace * (error - float(given_.action_value[j, s]))
        power *= DISCOUNT
    return total


def n_step_by_loop(given_: Transitions, s: int) -> float:
    """The uncorrected return of the first pair; V is that after the last valid step."""
    total, power = 0.0, 1.0
    for t in range(given_.reward.shape[0]):
        if given_.valid[t, s] == 0:
            break
        total += power * float(given_.reward[t, s])
        power *= DISCOUNT
        if given_.terminated[t, s]:
            return total
    return total + power * float(given_.value[0, s])


@given(seeds, st.integers(1, 6), st.integers(1, 5))
def test_retrace_is_the_double_loop(seed: int, steps: int, sequences: int) -> None:
    drawn = transitions(seed, steps, sequences)
    found = retrace.targets(drawn, DISCOUNT)
    for s, t in itertools.product(range(sequences), range(steps)):
        if drawn.valid[t, s]:
            expected = retrace_by_loop(drawn, s, t)
            assert float(found[t, s]) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(seeds, st.integers(1, 6), st.integers(1, 5))
def test_look_ahead_counts_the_rewards_that_a_target_holds(
    seed: int, steps: int, sequences: int
) -> None:
    """Undiscounted, with V and Q' at 0, a reward of 1 a step adds up to the steps looked ahead."""
    drawn = transitions(seed, steps, sequences)
    zero, ones = torch.zeros_like(drawn.reward), torch.ones_like(drawn.reward)
    counting = drawn._replace(reward=ones, value=zero, action_value=zero)
    found, expected = retrace.look_ahead(counting), retrace.targets(counting, 1.0)
    torch.testing.assert_close(drawn.valid * found, drawn.valid * expected)
    counting = counting._replace(value=zero[-1:])
    torch.testing.assert_close(n_step.look_ahead(counting), n_step.targets(counting, 1.0))
    first = Transitions(*(field[:1] for field in counting))
    torch.testing.assert_close(td0.look_ahead(first), td0.targets(first, 1.0))


@given(seeds, st.integers(1, 6), st.integers(1, 5))
def test_n_step_is_the_loop(seed: int, steps: int, sequences: int) -> None:
    drawn = transitions(seed, steps, sequences)
    drawn = drawn._replace(value=drawn.value[-1:])
    found = n_step.targets(drawn, DISCOUNT)
    assert found.shape == (1, sequences)
    for s in range(sequences):
        expected = n_step_by_loop(drawn, s)
        assert float(found[0, s]) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(seeds, st.integers(1, 8))
def test_td0_is_retrace_and_n_step_of_one_step(seed: int, sequences: int) -> None:
    drawn = transitions(seed, 1, sequences)
    expected = td0.targets(drawn, DISCOUNT)
    torch.testing.assert_close(retrace.targets(drawn, DISCOUNT), expected)
    torch.testing.assert_close(n_step.targets(drawn, DISCOUNT), expected)
    by_hand = drawn.reward + DISCOUNT * (1.0 - drawn.terminated) * drawn.value
    torch.testing.assert_close(expected, by_hand)


@given(seeds, st.integers(2, 6), st.integers(1, 5))
def test_n_step_and_retrace_without_cuts_differ_by_values_less_action_values(
    seed: int, steps: int, sequences: int
) -> None:
    """The difference is Σ_{k=1}^{n-1} γ^k [V(s_k) - Q'(s_k, a_k)]."""
    drawn = transitions(seed, steps, sequences, ends=False)
    drawn = drawn._replace(log_ratio=drawn.log_ratio.abs())  # c_k = 1
    corrected = retrace.targets(drawn, DISCOUNT)[0]
    uncorrected = n_step.targets(drawn._replace(value=drawn.value[-1:]), DISCOUNT)[0]
    difference = torch.zeros(sequences, dtype=torch.float64)
    for k in range(1, steps):
        difference += DISCOUNT**k * (drawn.value[k - 1] - drawn.action_value[k])
    torch.testing.assert_close(corrected - uncorrected, difference)


@given(seeds, st.integers(2, 6), st.integers(1, 5))
def test_what_lies_beyond_an_episode_has_no_influence(
    seed: int, steps: int, sequences: int
) -> None:
    drawn = transitions(seed, steps, sequences)
    beyond = drawn.valid == 0
    changed = drawn._replace(
        reward=torch.where(beyond, 1e3, drawn.reward),
        value=torch.where(beyond, 1e3, drawn.value),
        action_value=torch.where(beyond, -1e3, drawn.action_value),
        log_ratio=torch.where(beyond, 5.0, drawn.log_ratio),
    )
    before, after = retrace.targets(drawn, DISCOUNT), retrace.targets(changed, DISCOUNT)
    torch.testing.assert_close(before[~beyond], after[~beyond])
    last = drawn.value[:1]
    before = n_step.targets(drawn._replace(value=last), DISCOUNT)
    after = n_step.targets(changed._replace(value=last), DISCOUNT)
    torch.testing.assert_close(before, after)


@pytest.mark.parametrize("module", [retrace, n_step, td0])
@pytest.mark.parametrize("terminated", [False, True])
def test_termination_drops_the_last_value_and_truncation_keeps_it(module, terminated: bool) -> None:
    steps = 1 if module is td0 else 3
    values = 1 if module is not retrace else steps
    shape = (steps, 1)
    ones = torch.ones(shape, dtype=torch.float64)
    drawn = Transitions(
        reward=ones,
        terminated=torch.zeros_like(ones),
        valid=ones,
        value=torch.full((values, 1), 10.0, dtype=torch.float64),
        action_value=torch.zeros(values, 1, dtype=torch.float64),
        log_ratio=torch.full((values, 1), -50.0, dtype=torch.float64),
    )
    drawn.terminated[-1] = float(terminated)
    # retrace with all but dead traces: the last pair is the one that sees the end
    found = float(module.targets(drawn, DISCOUNT)[-1, 0])
    rewards = 1.0 if module is not n_step else 1.0 + DISCOUNT + DISCOUNT**2
    power = DISCOUNT**3 if module is n_step else DISCOUNT
    assert found == pytest.approx(rewards + (0.0 if terminated else power * 10.0))


class Process:
    """A random finite decision process, a policy, a behaviour, and all T-step trajectories."""

    def __init__(self, seed: int, steps: int, states: int = 3, actions: int = 2) -> None:
        rng = np.random.default_rng(seed)
        self.states, self.actions = states, actions
        self.p, self.r = random_process(seed, states, actions)
        self.policy = rng.dirichlet(np.ones(actions), states)
        self.behaviour = rng.dirichlet(5.0 * np.ones(actions), states)
        pairs = range(states * actions)
        self.paths = np.array(list(itertools.product(pairs, repeat=steps))).T  # [T, paths]
        self.last = np.arange(states)

    def exact(self) -> np.ndarray:
        """Q of the policy, by a linear solve."""
        size = self.states * self.actions
        step = np.einsum("sap,pb->sapb", self.p, self.policy).reshape(size, size)
        return np.linalg.solve(np.eye(size) - DISCOUNT * step, self.r.reshape(-1))

    def expected_targets(
        self, q: np.ndarray, module, behaviour: np.ndarray, cut: np.ndarray | None = None
    ) -> np.ndarray:
        """E[target of the first pair], by summing over every path and last state.

        The traces' ratios are those of the policy, or of another that is `cut`.
        """
        state, action = np.divmod(self.paths, self.actions)
        value = (self.policy * q.reshape(self.states, self.actions)).sum(1)
        chance = np.ones(self.paths.shape[1])
        for t in range(1, len(self.paths)):
            chance *= self.p[state[t - 1], action[t - 1], state[t]] * behaviour[state[t], action[t]]
        ending = self.p[state[-1], action[-1]]  # [paths, S]
        total = np.zeros(self.states * self.actions)
        ratio = self.policy if cut is None else cut
        ratio = np.log(ratio[state, action] / behaviour[state, action])
        for end in range(self.states):
            after = np.concatenate([value[state[1:]], np.full((1, state.shape[1]), value[end])])
            drawn = Transitions(
                reward=torch.from_numpy(self.r[state, action]),
                terminated=torch.zeros(state.shape, dtype=torch.float64),
                valid=torch.ones(state.shape, dtype=torch.float64),
                value=torch.from_numpy(after[-1:] if module.ENDPOINTS else after),
                action_value=torch.from_numpy(q[self.paths]),
                log_ratio=torch.from_numpy(ratio),
            )
            found = module.targets(drawn, DISCOUNT)[0].numpy()
            np.add.at(total, self.paths[0], chance * ending[:, end] * found)
        return total


@pytest.mark.parametrize("seed", range(3))
def test_retrace_off_policy_converges_to_the_exact_values(seed: int) -> None:
    process = Process(seed, steps=3)
    exact, q = process.exact(), np.zeros(6)
    for _ in range(150):
        q = process.expected_targets(q, retrace, process.behaviour)
    np.testing.assert_allclose(q, exact, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_traces_of_another_policy_lead_to_the_exact_values_too(seed: int) -> None:
    """As those of π_i do where the backup evaluates q, which is near it."""
    process = Process(seed, steps=3)
    rng = np.random.default_rng(seed)
    cut = process.policy * np.exp(rng.normal(size=process.policy.shape))
    cut /= cut.sum(1, keepdims=True)
    assert (process.policy * np.log(process.policy / cut)).sum(1).max() > 0.01
    exact, q = process.exact(), np.zeros(6)
    np.testing.assert_allclose(
        process.expected_targets(exact, retrace, process.behaviour, cut), exact, rtol=1e-9
    )
    for _ in range(150):
        q = process.expected_targets(q, retrace, process.behaviour, cut)
    np.testing.assert_allclose(q, exact, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_retrace_contracts_at_least_as_fast_as_one_step(seed: int) -> None:
    process = Process(seed, steps=3)
    exact = process.exact()
    q = exact + np.random.default_rng(seed).normal(size=6)
    moved = process.expected_targets(q, retrace, process.behaviour)
    assert np.abs(moved - exact).max() <= DISCOUNT * np.abs(q - exact).max()


@pytest.mark.parametrize("seed", range(3))
def test_n_step_converges_on_policy_and_is_biased_off_policy(seed: int) -> None:
    process = Process(seed, steps=3)
    exact = process.exact()
    on_policy = process.expected_targets(exact, n_step, process.policy)
    np.testing.assert_allclose(on_policy, exact, rtol=1e-9, atol=1e-9)
    off_policy = process.expected_targets(exact, n_step, process.behaviour)
    assert np.abs(off_policy - exact).max() > 1e-3


def test_gradients() -> None:
    drawn = transitions(0, 4, 3, ends=False)
    inputs = (drawn.reward, drawn.value, drawn.action_value, drawn.log_ratio)
    variables = tuple(tensor.clone().requires_grad_() for tensor in inputs)

    def targets(reward: Tensor, value: Tensor, action_value: Tensor, ratio: Tensor) -> Tensor:
        return retrace.targets(
            Transitions(reward, drawn.terminated, drawn.valid, value, action_value, ratio), 0.9
        )

    assert torch.autograd.gradcheck(targets, variables)


def test_sizes_of_batches() -> None:
    chosen = settings({"batch_size": 64, "sequence_length": 8})
    assert (retrace.length(chosen), retrace.sequences(chosen)) == (8, 8)
    assert (n_step.length(chosen), n_step.sequences(chosen)) == (8, 64)
    assert (td0.length(chosen), td0.sequences(chosen)) == (1, 64)
    assert [module.ENDPOINTS for module in (retrace, n_step, td0)] == [False, True, True]
    assert [m.NEEDS_ACTION_VALUE for m in (retrace, n_step, td0)] == [True, False, False]
