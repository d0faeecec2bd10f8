"""What a module of each kind of option must offer, as data: attributes, functions and shapes.

`settings.option` holds every module to the names, `algorithm.trial` to the shapes. A shape is
written as jaxtyping writes it, over these letters:

| letter | number of | letter | number of |
|---|---|---|---|
| N | actions sampled in a state | T | steps of a sequence |
| B | states of a batch, B = U S | S | sequences of a batch |
| A | action dimensions | U | pairs of a sequence that are regressed |
| D | parts of a KL divergence, A or 1 | C | constraints |
| R | network outputs of a covariance | P | any parameters |

What is no tensor of numbers is a type, `Size` or one of the names in capitals below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SETTINGS = "the run's settings"
COVARIANCE = "the run's covariance"
LIKELIHOOD = "the run's likelihood"
DUAL = "the run's dual"
GAUSSIAN = "a Gaussian for each of B states"
SCALE = "scales of B states, in the form of the covariance"
TRANSITIONS = "Transitions"
BATCH = "a Batch"
ARRAY = "float64 array "
"""Before a shape: an array of NumPy."""
SOLUTION = "a Solution"
NAMES = (SETTINGS, COVARIANCE, LIKELIHOOD, DUAL, GAUSSIAN, SCALE, TRANSITIONS, BATCH, SOLUTION)


@dataclass(frozen=True)
class Size:
    """An integer of at least 1; the number of what `letter` stands for, if it is one."""

    letter: str = ""


Value = str | type | Size | None
"""A shape, a name in capitals, a type, a size, or nothing."""


@dataclass(frozen=True)
class Attribute:
    """`meaning` is what is said where it is missing; `layer_of` names a field of layers."""

    type: type
    meaning: str
    layer_of: str = ""


@dataclass(frozen=True)
class Function:
    """What it takes, in this order, and gives; a tuple where it gives one.

    `quantity` is the name under which its result is logged, `gradient` the arguments to which a
    gradient must lead, `changes` the argument that it writes to. Where the attribute `only_if` is
    false the function is not needed; where the function of that name gives false, not tried. One
    that is not `tried` needs a run to serve.
    """

    takes: Mapping[str, Value] = field(default_factory=dict)
    gives: Value | tuple[Value, ...] = None
    quantity: str = ""
    gradient: tuple[str, ...] = ()
    only_if: str = ""
    changes: str = ""
    tried: bool = True


@dataclass(frozen=True)
class Contract:
    """What a module of one kind offers."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)


Q: Mapping[str, Value] = {"q": "N B", "temperature": ""}
DUAL_TAKES: Mapping[str, Value] = {**Q, "epsilon": float, "state_weights": "B"}
POLICIES: Mapping[str, Value] = {"policy": GAUSSIAN, "target": GAUSSIAN}
UNTRIED = Function(tried=False)

CONTRACTS: Mapping[str, Contract] = {
    "action_entry": Contract(
        attributes={
            "ENTRY": Attribute(int, "index of the layer that takes the action", "critic_hidden")
        }
    ),
    "covariance": Contract(
        functions={
            "outputs": Function({"action_dimension": Size("A")}, Size("R")),
            "scale": Function(
                {"raw_scale": "B R", "offset": float, "minimum_deviation": float},
                SCALE,
                gradient=("raw_scale",),
            ),
            "deviation": Function(
                {"scale": SCALE}, "B A", quantity="policy_deviation", gradient=("scale",)
            ),
            "transform": Function({"scale": SCALE, "noise": "N B A"}, "N B A"),
            "whiten": Function(
                {"scale": SCALE, "difference": "N B A"}, "N B A", gradient=("scale", "difference")
            ),
            "half_log_determinant": Function(
                {"scale": SCALE}, "B D", quantity="policy_entropy", gradient=("scale",)
            ),
            "mahalanobis_terms": Function(
                {"scale": SCALE, "difference": "B A"}, "B D", gradient=("scale", "difference")
            ),
            "trace_terms": Function(
                {"scale": SCALE, "other": SCALE}, "B D", gradient=("scale", "other")
            ),
        }
    ),
    "mean": Contract(
        functions={
            "mean": Function({"raw": "B A"}, "B A", gradient=("raw",)),
            "acted": Function({"raw": f"{ARRAY}A"}, f"{ARRAY}A"),
        }
    ),
    "backup": Contract(functions={"value": Function(Q, "B", "value_mean")}),
    "returns": Contract(
        attributes={
            "ENDPOINTS": Attribute(bool, "whether a sequence's first and last states are enough"),
            "NEEDS_ACTION_VALUE": Attribute(bool, "whether Q'(s_t, a_t) enters"),
        },
        functions={
            "length": Function({"settings": SETTINGS}, Size("T")),
            "sequences": Function({"settings": SETTINGS}, Size()),
            "targets": Function(
                {"transitions": TRANSITIONS, "discount": float}, "U S", "loss_critic"
            ),
            "look_ahead": Function({"transitions": TRANSITIONS}, "U S", "look_ahead"),
        },
    ),
    "critic_loss": Contract(
        functions={"loss": Function({"error": "B"}, "B", "loss_critic", ("error",))}
    ),
    "likelihood": Contract(
        functions={
            "log_likelihood": Function(
                {"covariance": COVARIANCE, **POLICIES, "actions": "N B A"},
                "N B",
                "loss_likelihood",
                ("policy",),
            ),
            "kl_terms": Function(
                {"covariance": COVARIANCE, **POLICIES},
                ("B D", "B D"),
                "kl_mean_relative",
                ("policy",),
            ),
        }
    ),
    "estep": Contract(
        attributes={
            "SAMPLES_ONLINE": Attribute(bool, "whether the online policy's actions are fitted"),
            "HAS_TEMPERATURE": Attribute(bool, "whether there is a dual to solve"),
        },
        functions={
            "weights": Function(Q, "N B", "effective_sample_size"),
            "kl_terms": Function(
                {"likelihood": LIKELIHOOD, "covariance": COVARIANCE, **POLICIES},
                ("B D", "B D"),
                "kl_mean_relative",
                ("policy",),
            ),
        },
    ),
    "dual": Contract(
        functions={"dual": Function(DUAL_TAKES, "", "loss_temperature", ("temperature",))}
    ),
    "dual_solver": Contract(
        attributes={"SOLVES": Attribute(bool, "whether it solves the dual anew for each batch")},
        functions={
            "solve": Function(
                {
                    "dual": DUAL,
                    "q": f"{ARRAY}N B",
                    "epsilon": float,
                    "state_weights": f"{ARRAY}B",
                    "temperature": float,
                },
                SOLUTION,
                "temperature",
                only_if="SOLVES",
            )
        },
    ),
    "kl": Contract(
        functions={
            "count": Function({"action_dimension": Size("A")}, Size("C")),
            "constraints": Function({"terms": "B D"}, "B C", "kl_mean_relative", ("terms",)),
        }
    ),
    "target_update": Contract(
        functions={
            "refresh": Function({"target": "P", "online": "P", "polyak": float}, changes="target")
        }
    ),
    "protocol": Contract(
        attributes={
            "Training": Attribute(type, "a training.session.Session, one run under way"),
            "Networks": Attribute(type, "the networks of policy and critic"),
            "Actor": Attribute(type, "the policy in NumPy"),
        },
    ),
    "device": Contract(
        functions={
            "available": Function(gives=bool),
            "name": Function(gives=str, only_if="available"),
            "moved": Function({"batch": BATCH}, BATCH, only_if="available"),
            "readable": Function({"tensor": "P"}, "P", only_if="available"),
            "can_compile": UNTRIED,
            "compiled": UNTRIED,
            "compiled_in_place": UNTRIED,
        },
    ),
}
"""The contract of each kind; a kind stands after those that its functions are given."""
