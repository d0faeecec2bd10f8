"""Maximum a Posteriori Policy Optimisation: the algorithm and the training of one run.

Sources, cited as P1, P2, ... throughout; docs/algorithm.md holds the equations.

- P1: Abdolmaleki et al. 2018, "Maximum a Posteriori Policy Optimisation", arXiv 1806.06920.
- P2: Abdolmaleki et al. 2018, "Relative Entropy Regularized Policy Iteration", arXiv 1812.02256.
- SR: Chen, Chin, Li, Chen 2021, "Replication: Maximum a Posteriori Policy Optimisation",
  National Yang Ming Chiao Tung University.
- RegMDP: Geist, Scherrer, Pietquin 2019, "A Theory of Regularized Markov Decision Processes".
- Acme: google-deepmind/acme, agents tf/mpo and jax/mpo. Tonic: fabiopardo/tonic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mpo.training.policies import Policy


def load_policy(run_dir: str | Path) -> Policy:
    """The final policy of the run in `run_dir`, with `action(observation)` and `sample`.

    Raises ValueError or OSError where there is none. PyTorch is imported only here.
    """
    from mpo.training.policies import Policy

    return Policy(run_dir)
