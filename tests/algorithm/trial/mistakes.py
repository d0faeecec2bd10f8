"""Mistakes that can be made in an option: what is edited in one that is sound, and what is said."""

from __future__ import annotations

from typing import NamedTuple


class Mistake(NamedTuple):
    """In a copy of the option `name` of the kind `field`, `old` is replaced by `new`."""

    field: str
    name: str
    old: str
    new: str
    said: str
    """What follows the option's kind and name."""
    at: str = ""
    """How the line that is named begins, where it is not the one with `new`; "-" for no line."""


VALUE = "value(q [20, 3], temperature [])"
FOR_VALUE = "it must give a tensor of floats of shape [3], that is B (value_mean in the logs)"
LOSS = "loss(error [3])"
KLS = "(kl_mean_relative in the logs)"

MISTAKES = {
    "another shape": Mistake(
        *("backup", "policy", "return q.mean(0)", "return q"),
        f"{VALUE} gave a tensor of floats of shape [20, 3]; {FOR_VALUE}",
        "def value",
    ),
    "a mean over the wrong axis": Mistake(
        *("backup", "policy", "q.mean(0)", "q.mean(1)"),
        f"{VALUE} gave a tensor of floats of shape [20]; {FOR_VALUE}",
        "def value",
    ),
    "nothing is returned": Mistake(
        *("backup", "policy", "return q.mean(0)", "q.mean(0)"),
        f"{VALUE} gave nothing; {FOR_VALUE}",
        "def value",
    ),
    "an attribute is left out": Mistake(
        *("returns", "td0", "NEEDS_ACTION_VALUE = False", ""),
        "NEEDS_ACTION_VALUE is missing; it must be True or False: whether Q'(s_t, a_t) enters",
        "-",
    ),
    "an attribute is of another type": Mistake(
        *("returns", "td0", "NEEDS_ACTION_VALUE = False", "NEEDS_ACTION_VALUE = 'no'"),
        "NEEDS_ACTION_VALUE is 'no'; it must be True or False: whether Q'(s_t, a_t) enters",
        "-",
    ),
    "a function is called otherwise": Mistake(
        *("backup", "policy", "def value", "def values"),
        "the function value(q, temperature) is missing",
        "-",
    ),
    "a function takes fewer arguments": Mistake(
        *("backup", "policy", ', temperature: Float[Tensor, ""]', ""),
        "TypeError: value() takes 1 positional argument but 2 were given",
        "def value",
    ),
    "a name that is not there": Mistake(
        *("backup", "policy", "q.mean(0)", "maen(q, 0)"),
        "NameError: name 'maen' is not defined",
    ),
    "a method that is not there": Mistake(
        *("backup", "policy", "q.mean(0)", "q.maen(0)"),
        "AttributeError: 'Tensor' object has no attribute 'maen'",
    ),
    "shapes that do not fit": Mistake(
        *("backup", "policy", "q.mean(0)", "(q * q.mean(1)).mean(0)"),
        "RuntimeError: The size of tensor a (3) must match the size of tensor b (20) at "
        "non-singleton dimension 1",
    ),
    "not Python": Mistake(
        *("backup", "policy", "q.mean(0)", "q.mean(0"),
        "SyntaxError: '(' was never closed",
    ),
    "an import of what is not there": Mistake(
        *("backup", "policy", "from torch import Tensor", "from torch import Tensro"),
        "ImportError: cannot import name 'Tensro' from 'torch'...",
    ),
    "a package that is not there": Mistake(
        *("backup", "policy", "from torch import Tensor", "from troch import Tensor"),
        "ModuleNotFoundError: No module named 'troch'",
    ),
    "NumPy": Mistake(
        *("backup", "policy", "q.mean(0)", "__import__('numpy').mean(q.numpy(), 0)"),
        "TypeError: NumPy is given a tensor; a compiled update needs torch's functions",
    ),
    "NaN": Mistake(
        *("backup", "policy", "q.mean(0)", "(-q.abs()).log().mean(0)"),
        f"{VALUE} gave a result that is NaN in 3 of 3 numbers (value_mean in the logs)",
        "def value",
    ),
    "an argument is written to": Mistake(
        *("backup", "policy", "return q.mean(0)", "return q.sub_(1.0).mean(0)"),
        f"{VALUE} wrote to its argument q, which others read after it (value_mean in the logs)",
        "def value",
    ),
    "targets of another shape": Mistake(
        *("returns", "td0", "return transitions.reward", "return transitions.reward.T"),
        "targets(transitions, discount) gave a tensor of floats of shape [5, 5]; it must give a "
        "tensor of floats of shape [1, 5], that is U S (loss_critic in the logs)",
        "def targets",
    ),
    "a length that is none": Mistake(
        *("returns", "td0", "return 1", "return 0"),
        "length(settings) gave the int 0; it must give an integer of at least 1",
        "def length",
    ),
    "one number for all": Mistake(
        *("critic_loss", "squared", "error.square()", "error.square().mean()"),
        f"{LOSS} gave a tensor of floats of shape []; it must give a tensor of floats of shape "
        "[3], that is B (loss_critic in the logs)",
        "def loss",
    ),
    "a gradient that is cut": Mistake(
        *("critic_loss", "squared", "error.square()", "error.detach().square()"),
        f"{LOSS} gave a result that has no gradient with respect to error (loss_critic in the "
        "logs)",
        "def loss",
    ),
    "a gradient that is NaN": Mistake(
        *("critic_loss", "squared", "0.5 * error.square()", "(error - error).square().sqrt()"),
        f"{LOSS} gave a result whose gradient with respect to error is NaN in 3 of 3 numbers "
        "(loss_critic in the logs)",
        "def loss",
    ),
    "a target that is not written to": Mistake(
        *("target_update", "hard", "target.copy_(online)", "target = online"),
        "refresh(target [6], online [6], polyak) did not write to its argument target",
        "def refresh",
    ),
    "the wrong network is written to": Mistake(
        *("target_update", "hard", "target.copy_(online)", "online.copy_(target)"),
        "refresh(target [6], online [6], polyak) did not write to its argument target",
        "def refresh",
    ),
    "a layer that is not there": Mistake(
        *("action_entry", "second", "ENTRY = 1", "ENTRY = 2"),
        "ENTRY is 2; critic_hidden has layers 0 to 1",
        "-",
    ),
    "True for a number": Mistake(
        *("action_entry", "second", "ENTRY = 1", "ENTRY = True"),
        "ENTRY is True; it must be an integer: index of the layer that takes the action",
        "-",
    ),
    "weights for states": Mistake(
        *("estep", "nonparametric", "return estep_weights(q, temperature)", "return q.mean(0)"),
        "weights(q [20, 3], temperature []) gave a tensor of floats of shape [3]; it must give a "
        "tensor of floats of shape [20, 3], that is N B (effective_sample_size in the logs)",
        "def weights",
    ),
    "a dual for each state": Mistake(
        *("dual", "raw", "(state_weights * log_mean_exp).sum()", "log_mean_exp"),
        "dual(q [20, 3], temperature [], epsilon, state_weights [3]) gave a tensor of floats of "
        "shape [3]; it must give a tensor of floats of shape [] (loss_temperature in the logs)",
        "def dual",
    ),
    "a solver that gives a number": Mistake(
        *("dual_solver", "newton", "return Solution(eta, False)", "return 0.5"),
        "solve(dual, q [20, 3], epsilon, state_weights [3], temperature) gave the float 0.5; it "
        "must give a dual_solvers.Solution (temperature in the logs)",
        "def solve",
    ),
    "a temperature that is not finite": Mistake(
        *("dual_solver", "newton", "return Solution(eta, False)", "return Solution(0.0, False)"),
        "solve(dual, q [20, 3], epsilon, state_weights [3], temperature) gave the temperature 0.0; "
        "it must be finite and above 0 (temperature in the logs)",
        "def solve",
    ),
    "one term for two": Mistake(
        *("likelihood", "joint", "return mean, kl_covariance_terms", "return kl_covariance_terms"),
        "kl_terms(covariance, policy, target) gave a tensor of floats of shape [3, 1]; it must "
        f"give a tuple of 2 {KLS}",
        "def kl_terms",
    ),
    "constraints added up over states": Mistake(
        *("kl", "joint", "terms.sum(-1, keepdim=True)", "terms.sum()"),
        f"constraints(terms [3, 1]) gave a tensor of floats of shape []; it must give a tensor of "
        f"floats of shape [3, 1], that is B C {KLS}",
        "def constraints",
    ),
    "a count that is none": Mistake(
        *("kl", "joint", "return 1", "return None"),
        "count(action_dimension) gave nothing; it must give an integer of at least 1",
        "def count",
    ),
    "differences of another shape": Mistake(
        *(
            "covariance",
            "diagonal",
            "return difference / scale",
            "return (difference / scale).sum(-1)",
        ),
        "whiten(scale, difference [20, 3, 2]) gave a tensor of floats of shape [20, 3]; it must "
        "give a tensor of floats of shape [20, 3, 2], that is N B A",
        "def whiten",
    ),
    "an entropy for all dimensions": Mistake(
        *("covariance", "diagonal", "return scale.log()", "return scale.log().sum(-1)"),
        "half_log_determinant(scale) gave a tensor of floats of shape [3]; it must give a tensor "
        "of floats of shape [3, D], that is B D (policy_entropy in the logs)",
        "def half_log_determinant",
    ),
    "a mean that is one number": Mistake(
        *("mean", "tanh", "operations.tanh(raw)", "operations.tanh(raw).mean()"),
        "mean(raw [3, 2]) gave a tensor of floats of shape []; it must give a tensor of floats of "
        "shape [3, 2], that is B A",
        "def mean",
    ),
    "a list for an array": Mistake(
        *("mean", "tanh", "return np.tanh(raw, out=raw)", "return [0.5, 0.5]"),
        "acted(raw [2]) gave the list [0.5, 0.5]; it must give an array of floats of shape [2], "
        "that is A",
        "def acted",
    ),
    "a batch that is none": Mistake(
        *("device", "cpu", "return batch", "return 'batch'"),
        "moved(batch) gave the str 'batch'; it must give a Batch",
        "def moved",
    ),
    "a protocol without training": Mistake(
        *("protocol", "off_policy", "class Training", "class Trainer"),
        "Training is missing; it must be a class: a training.session.Session, one run under way",
        "-",
    ),
}
