"""Every setting of one training run: typed, strict, frozen, and free of torch.

The defaults are the variant `paper`: the numbers of P1 (Abdolmaleki et al. 2018, "Maximum a
Posteriori Policy Optimisation", arXiv 1806.06920) wherever P1 gives them, and choices of this
project, marked "P1 is silent", where it does not. A variant is the few fields that differ.

Fields of type `Option` name a module of the package of their kind: `backup: soft` is
`mpo/backups/soft.py`. Adding an option is adding that file; nothing else is edited.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

PACKAGE = Path(__file__).parent

OPTION_PACKAGES = {
    "estep": "esteps",
    "dual": "duals",
    "dual_solver": "dual_solvers",
    "likelihood": "likelihoods",
    "kl": "kls",
    "covariance": "covariances",
    "backup": "backups",
    "returns": "returns",
    "critic_loss": "critic_losses",
    "target_update": "target_updates",
    "action_entry": "action_entries",
    "protocol": "protocols",
}
"""The settings that choose an implementation, and the package of `mpo` that holds theirs."""


class SettingsError(ValueError):
    """A setting that is unknown, out of range, or at odds with another one.

    `field` names it ("" when several are involved), `value` is what was given and `allowed`
    what would be right; the message holds all three.
    """

    def __init__(self, field: str, value: Any, allowed: str) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        named = field if field.isprintable() else repr(field)
        super().__init__(f"{named}: {value!r} is not allowed; {allowed}")


def options(field: str) -> tuple[str, ...]:
    """The names that `field` may take: the modules of its package, found without importing."""
    package = PACKAGE / OPTION_PACKAGES[field]
    names = (path.stem for path in package.glob("*.py") if path.stem != "__init__")
    return tuple(sorted(names))


class Settings(BaseModel):
    """One run's settings. Unknown fields, wrong types and senseless combinations are refused."""

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
    episode_steps: int = Field(300, ge=1)
    """Control steps after which it cuts an episode, evaluations included (SR: 300)."""
    passes: int = Field(3, ge=1)
    """Times that it goes through what an iteration collected (SR: 3)."""
    mstep_repeats: int = Field(5, ge=1)
    """M-steps that it takes for each E-step (SR: 5)."""

    # --- the machine ----------------------------------------------------------------------
    logging_updates: int = Field(500, ge=1)
    """Updates that one row of training.csv averages."""
    compile: bool = True
    """Compile the update with torch.compile where a C++ compiler is found."""
    device: Literal["cpu", "cuda"] = "cpu"
    threads: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _known_options(self) -> Settings:
        for field in OPTION_PACKAGES:
            allowed = options(field)
            if getattr(self, field) not in allowed:
                raise SettingsError(
                    field, getattr(self, field), f"allowed are {', '.join(allowed)}"
                )
        return self

    @model_validator(mode="after")
    def _fields_agree(self) -> Settings:
        for field, value, allowed in _disagreements(self):
            raise SettingsError(field, value, allowed)
        return self

    # --- forms ----------------------------------------------------------------------------
    def differences(self) -> dict[str, Any]:
        """The fields that differ from their defaults, as JSON values."""
        values = self.model_dump(mode="json")
        return {name: value for name, value in values.items() if value != _default(name)}

    def digest(self, *context: Any) -> str:
        """SHA-256 of the fields that differ from their baselines, and of `context`.

        A field's baseline is its default unless it declares `json_schema_extra={"baseline":
        ...}`. Whoever changes a default keeps the old one as the baseline, so that no digest
        of an earlier run comes to name other settings; a test pins the baselines. A new field
        changes no digest until it is set.
        """
        values = self.model_dump(mode="json")
        fields = {name: value for name, value in values.items() if value != baseline(name)}
        canonical = json.dumps([fields, *context], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def _default(name: str) -> Any:
    value = Settings.model_fields[name].default
    return list(value) if isinstance(value, tuple) else value


def baseline(name: str) -> Any:
    """The value at which `name` leaves the digest unchanged: its default or declared baseline."""
    extra = Settings.model_fields[name].json_schema_extra
    if isinstance(extra, dict) and "baseline" in extra:
        return extra["baseline"]
    return _default(name)


def settings(values: dict[str, Any]) -> Settings:
    """The settings with `values` in place of their defaults.

    Raises `SettingsError`, naming the field, its value and what is allowed, for the first fault.
    """
    unknown = sorted(set(values) - set(Settings.model_fields))
    if unknown:
        raise SettingsError(unknown[0], values[unknown[0]], _known_fields_like(unknown[0]))
    try:
        return Settings(**values)
    except ValidationError as error:
        raise _first_fault(error) from None


def _known_fields_like(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, Settings.model_fields, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"there is no such field; {hint}fields are {', '.join(sorted(Settings.model_fields))}"


def _first_fault(error: ValidationError) -> SettingsError:
    fault = error.errors()[0]
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, SettingsError):
        return cause
    field = ".".join(str(part) for part in fault["loc"])
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return SettingsError(field, fault["input"], message)


def _disagreements(s: Settings):
    """Pairs of settings that make no sense together: (field, value, what would be right)."""
    largest = math.log(s.action_samples)
    if s.epsilon >= largest:
        yield (
            "epsilon",
            s.epsilon,
            f"the KL of weights over action_samples = {s.action_samples} never exceeds "
            f"log N = {largest:.4g}, so epsilon must be below that",
        )
    if s.kl == "per_dimension" and s.covariance != "diagonal":
        yield (
            "kl",
            s.kl,
            f"one constraint a dimension needs covariance diagonal, not {s.covariance}",
        )
    if s.returns == "retrace" and s.batch_size % s.sequence_length:
        yield (
            "batch_size",
            s.batch_size,
            f"Retrace needs a multiple of sequence_length = {s.sequence_length}",
        )
    if s.initial_deviation <= s.minimum_deviation:
        yield (
            "initial_deviation",
            s.initial_deviation,
            f"must be above minimum_deviation = {s.minimum_deviation}",
        )
    if s.estep == "parametric":
        for field, value in (("backup", "policy"), ("likelihood", "joint"), ("kl", "joint")):
            if getattr(s, field) != value:
                yield (field, getattr(s, field), f"estep parametric needs {value}")
        if s.action_penalty:
            yield "action_penalty", True, "estep parametric has no weights to add it to"
    if s.steps % s.action_repeat:
        yield (
            "steps",
            s.steps,
            f"must be a multiple of action_repeat = {s.action_repeat}",
        )
    if s.steps < s.evaluation_points * s.action_repeat:
        yield (
            "steps",
            s.steps,
            f"leaves no decision between {s.evaluation_points} evaluation_points",
        )
    if s.protocol == "iterations":
        yield from _disagreements_with_iterations(s)
    else:
        for field in ITERATIONS_ONLY:
            if getattr(s, field) != _default(field):
                yield field, getattr(s, field), f"protocol {s.protocol} has no iterations"


ITERATIONS_ONLY = ("iteration_episodes", "episode_steps", "passes", "mstep_repeats")
"""Fields that mean something under `protocol: iterations` alone."""
ITERATIONS_FIXES = {
    "returns": "td0",
    "backup": "policy",
    "estep": "nonparametric",
    "likelihood": "joint",
    "kl": "joint",
    "multipliers": "learned",
    "multiplier_step": "before",
    "covariance": "full",
    "action_penalty": False,
    "target_update": "hard",
    "layer_norm": False,
    "observation_normalisation": False,
    "device": "cpu",
}
"""Fields of which `protocol: iterations` knows one value."""
ITERATIONS_IGNORES = (
    "initial_temperature",
    "initial_alpha_mean",
    "initial_alpha_covariance",
    "dual_learning_rate",
    "policy_target_period",
    "critic_target_period",
)
"""Fields of the update that would do nothing under `protocol: iterations`."""


def _disagreements_with_iterations(s: Settings):
    for field, value in ITERATIONS_FIXES.items():
        if getattr(s, field) != value:
            yield field, getattr(s, field), f"protocol iterations needs {value}"
    for field in ITERATIONS_IGNORES:
        if getattr(s, field) != _default(field):
            yield field, getattr(s, field), "it does nothing under protocol iterations"
    if s.dual_solver == "gradient":
        yield "dual_solver", s.dual_solver, "protocol iterations solves the dual on each batch"
    if s.episode_steps % s.action_repeat:
        yield (
            "episode_steps",
            s.episode_steps,
            f"must be a multiple of action_repeat = {s.action_repeat}",
        )
    pairs = s.iteration_episodes * s.episode_steps // s.action_repeat
    if s.batch_size > pairs:
        yield "batch_size", s.batch_size, f"an iteration collects {pairs} decisions at most"
