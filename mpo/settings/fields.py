"""The fields of a run's settings.

The defaults are the variant `paper`: the numbers of P1 (Abdolmaleki et al. 2018, "Maximum a
Posteriori Policy Optimisation", arXiv 1806.06920) wherever P1 gives them, and choices of this
project, marked "P1 is silent", where it does not. A variant is the few fields that differ.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Fields(BaseModel):
    """Every field, its type, its range and its default. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    # --- the task, filled in from config/tasks.yaml and the study -------------------------
    environment: str = "dm_control/cartpole-balance-v0"
    """Gymnasium id of the environment."""
    steps: int = Field(100_000, ge=1)
    """Budget in control steps of the simulator, action repeats included."""
    action_repeat: int = Field(1, ge=1)
    """Control steps that one decision lasts; rewards are summed."""
    steps_per_update: int = Field(4, ge=1)
    """Control steps for each gradient update. P1 is silent; Acme uses 4."""
    evaluation_points: int = Field(25, ge=1)
    """Evaluations, at k / evaluation_points of the steps, k = 1 .. evaluation_points."""
    evaluation_episodes: int = Field(5, ge=1)
    """Episodes of every evaluation but the last."""
    evaluation_final_episodes: int = Field(25, ge=1)
    """Episodes of the last evaluation, which gives the score."""

    # --- policy and critic ----------------------------------------------------------------
    policy_hidden: tuple[int, ...] = Field((100, 100), strict=False, min_length=1)
    critic_hidden: tuple[int, ...] = Field((200, 200), strict=False, min_length=2)
    layer_norm: bool = False
    """LayerNorm and tanh after the first layer of both networks (Acme). P1 is silent."""
    action_entry: str = "second"
    """Where the action enters the critic. P1 is silent; `second` as in Lillicrap et al. 2015."""
    covariance: str = "full"
    """P1 App. D: a full covariance by its Cholesky factor."""
    initial_deviation: float = Field(0.5, gt=0)
    """Standard deviation of every action at initialisation. P1 is silent."""
    minimum_deviation: float = Field(1e-3, ge=0)
    """Added to the softplus of the factor's diagonal. P1 is silent."""
    observation_normalisation: bool = False
    """Divide observations by running moments of what the replay received."""

    # --- policy evaluation ----------------------------------------------------------------
    discount: float = Field(0.99, ge=0, lt=1)
    returns: str = "retrace"
    sequence_length: int = Field(8, ge=1)
    """T: steps of a Retrace sequence, or n of n-step returns. P1 is silent."""
    backup: str = "policy"
    critic_loss: str = "squared"
    critic_learning_rate: float = Field(5e-4, gt=0)
    critic_gradient_clip: float | None = Field(None, gt=0)
    """Bound on the global norm of the critic's gradient; null: none."""
    critic_target_period: int = Field(1000, ge=1)
    """Updates between refreshes of the target critic (P1: 1,000)."""

    # --- E-step ---------------------------------------------------------------------------
    estep: str = "nonparametric"
    epsilon: float = Field(0.1, gt=0)
    dual: str = "raw"
    dual_solver: str = "gradient"
    initial_temperature: float = Field(1.0, gt=0)
    """Temperature at the start. P1 is silent."""
    action_samples: int = Field(20, ge=2)
    """N: actions drawn from the target policy a state. P1 is silent; Acme and Tonic: 20."""

    # --- M-step ---------------------------------------------------------------------------
    likelihood: str = "joint"
    kl: str = "joint"
    epsilon_mean: float = Field(0.1, gt=0)
    epsilon_covariance: float = Field(1e-4, gt=0)
    multipliers: Literal["learned", "zero"] = "learned"
    """`zero` removes the M-step's KL constraints; the KLs are still logged."""
    multiplier_step: Literal["before", "together"] = "before"
    """Whether the multipliers step before the policy (P1 Alg. 2) or together with it (Acme)."""
    initial_alpha_mean: float = Field(1.0, gt=0)
    initial_alpha_covariance: float = Field(1.0, gt=0)
    dual_learning_rate: float = Field(1e-2, gt=0)
    """Of temperature and multipliers. P1 is silent; Acme and Tonic: 1e-2."""
    action_penalty: bool = False
    """Second set of weights against actions outside [-1, 1] (MO-MPO, Acme)."""
    epsilon_penalty: float = Field(1e-3, gt=0)
    policy_learning_rate: float = Field(5e-4, gt=0)
    policy_gradient_clip: float | None = Field(None, gt=0)
    """Bound on the global norm of the policy's gradient; null: none."""
    policy_target_period: int = Field(1000, ge=1)
    """Updates between refreshes of the target policy (P1: 1,000)."""
    target_update: str = "hard"
    polyak: float = Field(0.005, gt=0, le=1)
    """Share of the online network a refresh moves in, under `target_update: polyak`."""

    # --- data -----------------------------------------------------------------------------
    protocol: str = "off_policy"
    batch_size: int = Field(256, ge=1)
    """B: states in a batch; Retrace draws B / T sequences of T steps."""
    replay_capacity: int = Field(1_000_000, ge=1)
    minimum_replay: int = Field(1000, ge=1)
    """Decisions collected before the first update. P1 is silent."""
    iteration_episodes: int = Field(50, ge=1)
    """Episodes that one iteration of `protocol: iterations` collects (SR: 50)."""
    episode_steps: int | None = Field(None, ge=1)
    """Control steps that cut an episode, evaluations included; null: as the environment ends it."""
    passes: int = Field(3, ge=1)
    """Times that it goes through what an iteration collected (SR: 3)."""
    mstep_repeats: int = Field(5, ge=1)
    """M-steps that it takes for each E-step (SR: 5)."""

    # --- the machine ----------------------------------------------------------------------
    logging_updates: int = Field(500, ge=1)
    """Updates that one row of training.csv averages."""
    compile: bool = True
    """Compile the update with torch.compile where a C++ compiler is found."""
    device: str = "cpu"
    """Where the learner updates: cpu or cuda. Simulator and actor stay on the processor."""
    threads: int = Field(1, ge=1)
