"""Options: a setting that chooses an implementation names a module of its kind's package.

`backup: soft` is `mpo/algorithm/policy_evaluation/backups/soft.py`. Adding an option is adding
that file; nothing else is edited.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1]

OPTION_PACKAGES = {
    "estep": "algorithm.estep.forms",
    "dual": "algorithm.estep.duals",
    "dual_solver": "algorithm.estep.dual_solvers",
    "likelihood": "algorithm.mstep.likelihoods",
    "kl": "algorithm.mstep.kls",
    "covariance": "algorithm.mstep.covariances",
    "mean": "algorithm.mstep.means",
    "backup": "algorithm.policy_evaluation.backups",
    "returns": "algorithm.policy_evaluation.returns",
    "critic_loss": "algorithm.policy_evaluation.critic_losses",
    "target_update": "algorithm.policy_evaluation.target_updates",
    "action_entry": "algorithm.policy_evaluation.action_entries",
    "protocol": "training.protocols",
    "device": "algorithm.computing.devices",
}
"""The settings that choose an implementation, and the package of `mpo` that holds theirs."""


def options(field: str) -> tuple[str, ...]:
    """The names that `field` may take: the modules of its package, found without importing."""
    folder = PACKAGE.joinpath(*OPTION_PACKAGES[field].split("."))
    modules = {path.stem for path in folder.glob("*.py") if path.stem != "__init__"}
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return tuple(sorted(modules | packages))


def file_of(field: str, name: str) -> Path:
    """The file of the option `name` of `field`."""
    file = PACKAGE.joinpath(*OPTION_PACKAGES[field].split("."), name)
    return file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
