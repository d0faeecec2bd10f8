"""Whole updates of SR's learner against the reference, and compiled ones against eager ones."""

import shutil

import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mpo.algorithm.computing.compilation import tensors_of
from mpo.algorithm.computing.devices.cpu import COMPILERS
from mpo.algorithm.metrics import METRICS
from mpo.algorithm.networks import unflatten
from mpo.settings import Settings
from mpo.training.protocols.iterations.learner import Learner
from mpo.training.protocols.iterations.update import Pairs
from tests.apart import apart
from tests.reference import Iterations
from tests.training.protocols.iterations.iterating import VARIANTS, learner, tiny

COMPILES = pytest.mark.skipif(
    not any(shutil.which(name) for name in COMPILERS), reason="there is no C++ compiler"
)
MOMENTS = ("policy", "critic")


def moved(chosen: Settings, seed: int, action_size: int) -> Learner:
    """A learner whose networks and targets differ, as they do within an iteration."""
    made, generator = learner(chosen, seed, action_size), torch.Generator().manual_seed(seed + 2)
    state = made.state
    online = state.policy.parameters, state.critic.parameters
    for vector in (*online, state.target_policy, state.target_critic):
        vector.add_(0.1 * torch.randn(vector.shape, generator=generator))
    return made


def batch(chosen: Settings, seed: int, action_size: int, scale: float = 1.0) -> Pairs:
    """Made-up decisions, rewards of this scale."""
    generator, size = torch.Generator().manual_seed(seed + 3), chosen.batch_size
    widths = {"observation_t": 3, "action": action_size, "reward": 1, "observation_tp1": 3}
    made = {name: torch.randn(size, n, generator=generator) for name, n in widths.items()}
    terminated = (torch.rand(size, generator=generator) < 0.3).to(torch.get_default_dtype())
    return Pairs(**(made | {"reward": scale * made["reward"][:, 0], "terminated": terminated}))


def reference(made: Learner) -> Iterations:
    """The reference with the learner's parameters."""
    state, networks = made.state, made.networks
    flat = {
        "policy": (state.policy.parameters, networks.policy_shapes()),
        "critic": (state.critic.parameters, networks.critic_shapes()),
        "target_policy": (state.target_policy, networks.policy_shapes()),
        "target_critic": (state.target_critic, networks.critic_shapes()),
    }
    named = {name: unflatten(vector.clone(), shapes) for name, (vector, shapes) in flat.items()}
    return Iterations(made.settings, networks.action_size, named, made.temperature)


def next_noise(made: Learner) -> torch.Tensor:
    """The noise that the learner's next update will draw."""
    twin = torch.Generator()
    twin.set_state(made.noise.get_state())
    s = made.settings
    shape = (2, made.networks.action_size, s.action_samples, s.batch_size)
    return torch.randn(shape, generator=twin).permute(0, 2, 3, 1)


def compare(chosen: Settings, updates: int, seed: int, action_size: int, scale: float) -> None:
    """Every parameter, moment, multiplier, metric and temperature after each of some updates."""
    made = moved(chosen, seed, action_size)
    book = reference(made)
    for index in range(updates):
        pairs, noise = batch(chosen, seed + index, action_size, scale), next_noise(made)
        made.update(pairs)
        book.update(*pairs, noise)
        found = dict(zip(METRICS, made.take_sums()[0].tolist(), strict=True))
        del found["penalty_temperature"]
        assert found == pytest.approx(book.report, rel=1e-6, abs=1e-9)
        assert made.temperature == pytest.approx(book.temperature, rel=1e-6)
        alphas = [float(alpha) for alpha in made.state.multipliers]
        assert alphas == pytest.approx([book.alpha_mean, book.alpha_covariance], abs=1e-9)
    shapes = made.networks.policy_shapes(), made.networks.critic_shapes()
    for kind, of_kind, module in zip(MOMENTS, shapes, (book.policy, book.critic), strict=True):
        named = module.named(action_size)
        for name, ours in unflatten(getattr(made.state, kind).parameters, of_kind).items():
            torch.testing.assert_close(ours, named[name], rtol=1e-6, atol=1e-8, msg=name)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("action_size", [1, 3, 6])
@pytest.mark.parametrize("name", VARIANTS)
def test_updates_equal_the_reference(name: str, action_size: int) -> None:
    rates = {"policy_learning_rate": 1e-2, "critic_learning_rate": 1e-2}
    compare(tiny(name, **rates), 4, 0, action_size, 1.0)


@pytest.mark.usefixtures("double")
@examples(max_examples=25)
@given(
    st.sampled_from(sorted(VARIANTS)),
    st.integers(0, 2**20),
    st.integers(1, 4),
    st.sampled_from([0.1, 1.0, 30.0]),
    st.fixed_dictionaries(
        {
            "action_samples": st.integers(4, 12),
            "mstep_repeats": st.integers(1, 6),
            "critic_hidden": st.sampled_from([(8, 6), (8, 7, 6)]),
            "policy_gradient_clip": st.sampled_from([None, 1e-3, 0.1]),
            "critic_gradient_clip": st.sampled_from([None, 1e-3]),
            "action_entry": st.sampled_from(["input", "second"]),
            "mean": st.sampled_from(["sigmoid", "tanh", "unbounded"]),
            "epsilon": st.sampled_from([0.05, 0.5]),
            "epsilon_covariance": st.sampled_from([1e-4, 1e-2]),
            "samples_averaged": st.booleans(),
            "ends_bootstrapped": st.booleans(),
        }
    ),
)
def test_random_configurations_equal_the_reference(
    name: str, seed: int, action_size: int, scale: float, fields: dict
) -> None:
    compare(tiny(name, **fields), 3, seed, action_size, scale)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("level", "overflows"), [(650.0, 0.0), (750.0, 1.0)])
def test_an_overflowing_dual_equals_the_reference(level: float, overflows: float) -> None:
    chosen = tiny("seed_report")
    made = moved(chosen, 0, 2)
    made.state.target_critic[-1] += level
    made.temperature = 1.0
    book, pairs, noise = reference(made), batch(chosen, 0, 2), next_noise(made)
    made.update(pairs)
    book.update(*pairs, noise)
    found = dict(zip(METRICS, made.take_sums()[0].tolist(), strict=True))
    assert book.report["dual_overflows"] == overflows
    for name in ("dual_overflows", "loss_temperature", "temperature", "kl_estep_relative"):
        assert found[name] == pytest.approx(book.report[name], rel=1e-5), name


# --- compiled ---------------------------------------------------------------------------------
def _compiled_against_eager(name: str, action_size: int) -> float:
    """The largest relative difference over what three updates have moved."""
    chosen = [tiny(name, compile=mode) for mode in (False, True)]
    eager, compiled = (moved(one, 0, action_size) for one in chosen)
    assert compiled.compiled and not eager.compiled
    for index in range(3):
        for one in (eager, compiled):
            one.update(batch(one.settings, index, action_size))
    worst = abs(compiled.temperature / eager.temperature - 1.0)
    sums = (one.take_sums().nan_to_num() for one in (eager, compiled))
    both = (
        tensors_of((one.state, total)) for one, total in zip((eager, compiled), sums, strict=True)
    )
    for ours, theirs in zip(*both, strict=True):
        worst = max(worst, float((ours - theirs).abs().max() / (1e-3 + ours.abs().max())))
    return worst


@pytest.mark.soak
@COMPILES
@pytest.mark.parametrize("action_size", [1, 3, 6])
@pytest.mark.parametrize("name", VARIANTS)
def test_compiled_equals_eager_for_every_variant(name: str, action_size: int) -> None:
    assert apart(_compiled_against_eager, name, action_size) < 1e-3
