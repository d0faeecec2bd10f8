"""Options: a setting that chooses an implementation names a module of its kind's package.

`backup: soft` is `mpo/algorithm/policy_evaluation/backups/soft.py`. Adding an option is adding
that file; nothing else is edited.
"""

from __future__ import annotations

import sys
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


def folders(field: str) -> tuple[Path, ...]:
    """Where the options of `field` are: in its package, and what was added to that one's path."""
    package = sys.modules.get(f"mpo.{OPTION_PACKAGES[field]}")
    shipped = PACKAGE.joinpath(*OPTION_PACKAGES[field].split("."))
    every = map(Path, getattr(package, "__path__", ()))
    return shipped, *(folder for folder in every if folder != shipped)


def options(field: str) -> tuple[str, ...]:
    """The names that `field` may take: the modules of its package, found without importing."""
    every = folders(field)
    modules = {path.stem for folder in every for path in folder.glob("*.py")} - {"__init__"}
    packages = {path.parent.name for folder in every for path in folder.glob("*/__init__.py")}
    return tuple(sorted(name for name in modules | packages if name.isidentifier()))


def kind_of_folder(folder: str) -> str | None:
    """The field whose options lie in a folder of this name, as "backup" of "backups"."""
    return next((f for f, each in OPTION_PACKAGES.items() if each.endswith(f".{folder}")), None)


def file_of(field: str, name: str) -> Path:
    """The file of the option `name` of `field`; where there is none, where it would be."""
    paths = [folder / name for folder in folders(field)]
    files = [path / "__init__.py" if path.is_dir() else path.with_suffix(".py") for path in paths]
    return next((file for file in files if file.is_file()), files[0])
