"""The fields of a run's settings, section by section.

The defaults are the variant `paper`: the numbers of P1 (Abdolmaleki et al. 2018, "Maximum a
Posteriori Policy Optimisation", arXiv 1806.06920) wherever P1 gives them, and choices of this
project, marked "P1 is silent", where it does not. A variant is the few fields that differ.

The text under a field is what `python -m mpo settings` prints of it: what the field does, and
the equation or one of SOURCES. Values of a field that are no modules (`settings.options`) are
explained in its `json_schema_extra`, under "options".
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt

from mpo.settings.plain import Frozen

SOURCES = {
    "P1": "Abdolmaleki et al. 2018, arXiv 1806.06920",
    "P2": "Abdolmaleki et al. 2018, arXiv 1812.02256",
    "MO-MPO": "Abdolmaleki et al. 2020, arXiv 2005.07513",
    "SR": "Chen, Chin, Li and Chen 2021, Replication: Maximum a Posteriori Policy Optimisation",
    "Munos": "Munos et al. 2016, arXiv 1606.02647, Retrace",
    "Lillicrap": "Lillicrap et al. 2015, arXiv 1509.02971, DDPG",
    "Acme": "google-deepmind/acme, agents mpo",
    "Tonic": "fabiopardo/tonic",
}
"""What the short names in the texts below stand for."""


class Section(BaseModel):
    """Fields that belong together. Unknown fields are refused, types are strict."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )
    section: ClassVar[str]
    """Its name for readers; the docstring says what is in it."""


def _class(name: str) -> str:
    if not re.fullmatch(r"[^\W\d][\w.]*:[^\W\d]\w*", name):
        raise ValueError("it must be a module and a class, as gymnasium.wrappers:ClipReward")
    return name


class Wrapper(BaseModel):
    """One layer around an environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    wrapper: Annotated[str, AfterValidator(_class)]
    """Module and class, as gymnasium.wrappers:ClipReward."""
    kwargs: Frozen = Frozen()
    """Keyword arguments of the class, besides the environment."""


def _listed(value: Any) -> Any:
    return () if value is None else value


class Task(Section):
    """What is learnt, and for how long: filled in from config/tasks.yaml and the study."""

    section: ClassVar[str] = "task"
    environment: str = "dm_control/cartpole-balance-v0"
    """Gymnasium id of the environment (P1 section 5: dm_control's suite, here through Shimmy)."""
    kwargs: Frozen = Frozen()
    """Keyword arguments with which `gymnasium.make` makes it. A choice of this project."""
    wrappers: Annotated[
        tuple[Annotated[Wrapper, Field(strict=False)], ...], BeforeValidator(_listed)
    ] = Field((), strict=False)
    """Classes that wrap it, from the inside out, each as {wrapper: "module:Class", kwargs: {}}.
    A choice of this project."""
    steps: int = Field(100_000, ge=1)
    """Budget in control steps of the simulator, action repeats included. A choice of this
    project, task by task."""
    action_repeat: int = Field(1, ge=1)
    """Control steps that one decision lasts; rewards are summed (P1: 1)."""
    steps_per_update: int = Field(4, ge=1)
    """Control steps for each gradient update. P1 is silent; Acme: 4, Tonic: 1."""
    evaluation_points: int = Field(25, ge=1)
    """Evaluations, at k / evaluation_points of the steps, k = 1 .. evaluation_points. A choice of
    this project."""
    evaluation_episodes: int = Field(5, ge=1)
    """Episodes of every evaluation but the last. A choice of this project."""
    evaluation_final_episodes: int = Field(25, ge=1)
    """Episodes of the last evaluation, one of the five that give the score. A choice of this
    project."""


class PolicyAndCritic(Section):
    """The networks: π_θ(a|s) = N(μ, Σ) and Q_φ(s, a), ReLU throughout, on which P1 is silent."""

    section: ClassVar[str] = "policy and critic"
    policy_hidden: tuple[PositiveInt, ...] = Field((100, 100), strict=False, min_length=1)
    """Units of the policy's hidden layers (P1: 100, 100)."""
    critic_hidden: tuple[PositiveInt, ...] = Field((200, 200), strict=False, min_length=2)
    """Units of the critic's hidden layers, two at least, since the action may enter at the second
    (P1: 200, 200)."""
    layer_norm: bool = False
    """LayerNorm and tanh after the first layer of both networks (Acme). P1 is silent."""
    action_entry: str = "second"
    """Where the action enters the critic. P1 is silent; `second` as in Lillicrap et al. 2015."""
    covariance: str = "full"
    """Form of the policy's covariance Σ = L Lᵀ (P1 App. D: full, by its Cholesky factor L)."""
    mean: str = "unbounded"
    """How the policy's outputs become its mean μ. P1 is silent; Acme: unbounded, Tonic: tanh."""
    initial_deviation: float = Field(0.5, gt=0)
    """Standard deviation of every action at initialisation. P1 is silent."""
    minimum_deviation: float = Field(1e-3, ge=0)
    """Added to the softplus of the diagonal of L, which it bounds from below. P1 is silent."""


class PolicyEvaluation(Section):
    """The critic: what Q is regressed on, and how fast (P1 section 4, eq. 13)."""

    section: ClassVar[str] = "policy evaluation"
    discount: float = Field(0.99, ge=0, lt=1)
    """γ: discount of rewards in the critic's targets (P1 eq. 13; P1: 0.99)."""
    returns: str = "retrace"
    """Estimator that makes the critic's targets of a sequence (P1 eq. 13: Retrace)."""
    sequence_length: int = Field(8, ge=1)
    """T: steps of a Retrace sequence, or n of n-step returns. P1 is silent; Acme: 4, Tonic: 5."""
    backup: str = "policy"
    """What the critic's targets take for V(s), so which policy Q evaluates (P1 section 4: π_i; P1
    eq. 4: q with its KL)."""
    critic_loss: str = "squared"
    """Loss of each error d = target - Q (P1 section 4: squared; SR Fig. 5: Huber's)."""
    critic_learning_rate: float = Field(5e-4, gt=0)
    """Step size of the critic's Adam (P1: 5e-4)."""
    critic_gradient_clip: float | None = Field(None, gt=0)
    """Bound on the global norm of the critic's gradient; null: none. P1 is silent; Acme: 40."""
    critic_target_period: int = Field(1000, ge=1)
    """Updates between refreshes of the target critic (P1: 1,000; P2: 250; Acme: 100)."""


class EStep(Section):
    """The improved q(a|s) ∝ π_i(a|s) exp(Q(s,a)/η) under a bound on its KL (P1 eq. 7-9)."""

    section: ClassVar[str] = "E-step"
    estep: str = "nonparametric"
    """Form of q: weights of action samples, or a network (P1 section 3.2)."""
    epsilon: float = Field(0.1, gt=0)
    """ε: bound on KL(q || π_i), mean over states, below log N (P1 eq. 7; P1: 0.1). A parametric q
    has the M-step's bounds instead."""
    dual: str = "raw"
    """Form in which the dual g(η), whose minimiser is η, is computed (P1 eq. 9)."""
    dual_solver: str = "gradient"
    """How the η that minimises the dual is found (P1 eq. 9 and Alg. 2). `protocol: iterations`
    needs a solver."""
    initial_temperature: float = Field(1.0, gt=0)
    """Temperature η at the start, and the action penalty's. P1 is silent."""
    action_samples: int = Field(20, ge=2)
    """N: actions drawn from the target policy a state. P1 is silent; Acme, Tonic: 20, SR: 64."""


class MStep(Section):
    """Weighted maximum likelihood of π_θ under bounds on KL(π_i || π_θ) (P1 eq. 10-12)."""

    section: ClassVar[str] = "M-step"
    likelihood: str = "joint"
    """Likelihood that the policy maximises, and with it the form of C_μ (P1 eq. 10; P2)."""
    kl: str = "joint"
    """Whether one bound on each KL holds over all action dimensions (P1 eq. 10) or one for each
    dimension (Acme, Tonic)."""
    epsilon_mean: float = Field(0.1, gt=0)
    """ε_μ: bound on C_μ, the mean's part of the KL, mean over states (P1 App. D.3; P1: 0.1)."""
    epsilon_covariance: float = Field(1e-4, gt=0)
    """ε_Σ: bound on C_Σ, the covariance's part, mean over states (P1 App. D.3; P1: 1e-4)."""
    multipliers: Literal["learned", "zero"] = Field(
        "learned",
        json_schema_extra={
            "options": {
                "learned": "They follow the slack of their bounds, by Adam (P1 eq. 12).",
                "zero": "No KL constraints; the KLs are still logged (P1 3.3's remark, P2 Fig. 3).",
            }
        },
    )
    """What becomes of η_μ and η_Σ, the multipliers of the KL bounds (P1 eq. 12)."""
    multiplier_step: Literal["before", "together"] = Field(
        "before",
        json_schema_extra={
            "options": {
                "before": "Before the policy, which already steps by their new values (P1 Alg. 2).",
                "together": "Together with the policy, which steps by their old values (Acme).",
            }
        },
    )
    """When the multipliers step (P1 Alg. 2; Acme)."""
    initial_alpha_mean: float = Field(1.0, gt=0)
    """η_μ of every constraint at the start. P1 is silent; Acme: 10, Tonic: 1.31."""
    initial_alpha_covariance: float = Field(1.0, gt=0)
    """η_Σ of every constraint at the start. P1 is silent; Acme: 1,000, Tonic: 10."""
    minimum_alpha: float = Field(0.0, ge=0)
    """Floor of η_μ and η_Σ, from which they bind again soon. P1 is silent; Acme: 1e-8."""
    dual_learning_rate: float = Field(1e-2, gt=0)
    """Step size of temperature and multipliers. P1 is silent; Acme and Tonic: 1e-2."""
    action_penalty: bool = False
    """Second set of weights, against actions outside [-1, 1], added to those of the E-step
    (MO-MPO, Acme)."""
    epsilon_penalty: float = Field(1e-3, gt=0)
    """Bound on the KL of the action penalty's weights, which have their own temperature (MO-MPO,
    Acme: 1e-3). Read where `action_penalty` is true."""
    policy_learning_rate: float = Field(5e-4, gt=0)
    """Step size of the policy's Adam (P1: 5e-4)."""
    policy_gradient_clip: float | None = Field(None, gt=0)
    """Bound on the global norm of the policy's gradient; null: none. P1 is silent; Acme: 40, SR:
    0.1."""
    policy_target_period: int = Field(1000, ge=1)
    """Updates between refreshes of the target policy π_i (P1: 1,000; P2: 250; Acme: 100)."""
    target_update: str = "hard"
    """How both target networks are refreshed from the online ones (P1: hard; Tonic: polyak)."""
    polyak: float = Field(0.005, gt=0, le=1)
    """Share of the online network a refresh moves in, under `target_update: polyak` (Tonic)."""
    policy_average: int | None = Field(None, ge=2)
    """Updates over which the policy's parameters are averaged, exponentially, for evaluations and
    for the policy that a run leaves; the policy that learns and collects stays as it is. null: no
    average. P1 is silent."""


class Data(Section):
    """What is learnt from, and when."""

    section: ClassVar[str] = "data"
    protocol: str = "off_policy"
    """How data is collected and when it is learnt from (P1: off policy; SR: in iterations)."""
    batch_size: int = Field(256, ge=1)
    """B: states in a batch; Retrace draws B / T sequences of T steps. P1 is silent; Acme: 256."""
    replay_capacity: int = Field(1_000_000, ge=1)
    """Decisions that the replay holds, of which the oldest give way. P1 is silent; Acme and Tonic:
    1e6."""
    minimum_replay: int = Field(1000, ge=1)
    """Decisions collected before the first update. P1 is silent."""
    iteration_episodes: int = Field(50, ge=1)
    """Episodes that one iteration of `protocol: iterations` collects (SR: 50)."""
    episode_steps: int | None = Field(None, ge=1)
    """Control steps that cut an episode, evaluations included (SR: 300); null: as the environment
    ends it."""
    passes: int = Field(3, ge=1)
    """Times that it goes through what an iteration collected (SR: 3)."""
    mstep_repeats: int = Field(5, ge=1)
    """M-steps that it takes for each E-step (SR: 5)."""
    samples_averaged: bool = True
    """Whether the likelihood is a mean over the N samples too, and so N times too small (SR's
    code); else the weighted sum over them (P1 eq. 10)."""
    replay_cleared: bool = True
    """Whether an iteration forgets what earlier ones collected (SR's code); else its passes draw
    as many decisions from all that the replay holds."""
    ends_bootstrapped: bool = True
    """Whether targets bootstrap beyond the end of an episode that terminated (SR's code)."""


class Machine(Section):
    """How the run is computed and logged; what it computes is equal but for rounding."""

    section: ClassVar[str] = "machine"
    logging_updates: int = Field(500, ge=1)
    """Updates that one row of training.csv averages. A choice of this project."""
    compile: bool = True
    """Compile the update with torch.compile where a C++ compiler is found. A choice of this
    project."""
    device: str = "cpu"
    """Where the learner updates; simulator and actor stay on the processor. A choice of this
    project."""
    threads: int = Field(1, ge=1)
    """Threads of PyTorch on the processor. A choice of this project."""


class Foreign(Section):
    """Of code that is not MPO, which a rule of the user's own runs."""

    section: ClassVar[str] = "foreign code"
    foreign: Frozen = Frozen()
    """Settings of an external variant, by the names of its own code: what its entry says under
    `settings`. MPO reads none of them. A choice of this project."""


class Fields(Foreign, Machine, Data, MStep, EStep, PolicyEvaluation, PolicyAndCritic, Task):
    """Every field, its type, its range and its default. Of the bases, the last one's come first."""


SECTIONS = Fields.__bases__[::-1]
"""In the order in which they stand above."""
