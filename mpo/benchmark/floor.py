"""The floor of an update: the floating-point operations of its matrix products, counted.

These are the products that the mathematics needs, each once: what depends on a state alone is
computed once a state, a weight's gradient once, and no gradient goes into an observation, an
action or a target network. MPO never differentiates Q by its actions. Everything else (sampling,
densities, weights, normalisation, Adam) is left out, so that no code reaches the floor.

| symbol | meaning |
|---|---|
| B | states of the update: every regressed pair has one successor |
| E | states that the target networks see: B, or with Retrace each sequence's first state too |
| N | action samples a state |
"""

from itertools import pairwise
from typing import NamedTuple

from mpo.algorithm.networks import Networks


class Product(NamedTuple):
    """`times` products of an [m, k] and a [k, n] matrix."""

    name: str
    m: int
    k: int
    n: int
    times: int = 1

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        return 2 * self.m * self.k * self.n * self.times


class Layers(NamedTuple):
    """Widths of the layers that a state passes, and of those that an action passes after them."""

    state: tuple[int, ...]
    action: tuple[int, ...]
    action_size: int


def floating_point_operations(networks: Networks) -> int:
    """Of the matrix products of one update with these networks and settings."""
    return sum(product.operations for product in products(networks))


def products(networks: Networks) -> list[Product]:
    """The matrix products of one update, whatever the protocol.

    Raises ValueError for a setting whose update has other products: a parametric E-step.
    """
    settings = networks.settings
    if settings.protocol == "iterations":
        return _of_iterations(networks)
    if settings.option("estep").SAMPLES_ONLINE:
        raise ValueError(f"estep: {settings.estep!r} has no floor; those without gradients in Q do")
    returns = settings.option("returns")
    sequences = returns.sequences(settings)
    pairs = sequences * (1 if returns.ENDPOINTS else returns.length(settings))
    seen = pairs + sequences if returns.NEEDS_ACTION_VALUE else pairs
    samples = settings.action_samples * pairs
    policy, critic = policy_layers(networks), critic_layers(networks)
    valued = samples + (pairs if returns.NEEDS_ACTION_VALUE else 0)
    return [
        *_forward("target policy", policy, seen),
        *_forward("target critic, states", critic.state, seen),
        *_enter("target critic, actions", critic, valued),
        *_forward("target critic, actions", critic.action, valued),
        *_forward("policy", policy, pairs),
        *_backward("policy", policy, pairs, reaches_input=False),
        *_regression(critic, pairs),
    ]


def _of_iterations(networks: Networks) -> list[Product]:
    """Those of one batch: samples at s_t and s_{t+1}, the critic's step, all M-steps."""
    settings = networks.settings
    policy, critic = policy_layers(networks), critic_layers(networks)
    states = settings.batch_size
    seen, samples = 2 * states, 2 * states * settings.action_samples
    mstep = (
        *_forward("policy", policy, states),
        *_backward("policy", policy, states, reaches_input=False),
    )
    return [
        *_forward("target policy", policy, seen),
        *_forward("target critic, states", critic.state, seen),
        *_enter("target critic, actions", critic, samples),
        *_forward("target critic, actions", critic.action, samples),
        *_regression(critic, states),
        *(product._replace(times=settings.mstep_repeats) for product in mstep),
    ]


def policy_layers(networks: Networks) -> tuple[int, ...]:
    """The policy's widths."""
    outputs = networks.action_size + networks.covariance.outputs(networks.action_size)
    return (networks.observation_size, *networks.settings.policy_hidden, outputs)


def critic_layers(networks: Networks) -> Layers:
    """The critic's widths, split where the action enters."""
    entry = int(networks.settings.option("action_entry").ENTRY)
    widths = networks.settings.critic_hidden
    state = (networks.observation_size, *widths[: entry + 1])
    return Layers(state, (*widths[entry:], 1), networks.action_size)


def _regression(critic: Layers, pairs: int) -> list[Product]:
    """The critic's step."""
    weights = Product(
        "critic, actions: gradient of weights", critic.action_size, pairs, critic.state[-1]
    )
    return [
        *_forward("critic", critic.state, pairs),
        *_enter("critic, actions", critic, pairs),
        *_forward("critic", critic.action, pairs),
        *_backward("critic", critic.action, pairs, reaches_input=True),
        weights,
        *_backward("critic", critic.state, pairs, reaches_input=False),
    ]


def _enter(name: str, layers: Layers, rows: int) -> list[Product]:
    return [Product(f"{name}: entry", rows, layers.action_size, layers.state[-1])]


def _forward(name: str, widths: tuple[int, ...], rows: int) -> list[Product]:
    return [Product(f"{name}: {k} to {n}", rows, k, n) for k, n in pairwise(widths)]


def _backward(
    name: str, widths: tuple[int, ...], rows: int, *, reaches_input: bool
) -> list[Product]:
    """Gradients of all weights, and of activations back to the first that needs one."""
    layers = list(pairwise(widths))
    weights = [Product(f"{name}: gradient of {k} to {n}", k, rows, n) for k, n in layers]
    passed = layers if reaches_input else layers[1:]
    return [
        *weights,
        *(Product(f"{name}: gradient before {k} to {n}", rows, n, k) for k, n in passed),
    ]
