"""Every decision is kept, and updates draw from all of them (P1; Acme, Tonic)."""

from mpo.actor import Actor
from mpo.networks import Networks
from mpo.settings import Settings
from mpo.tasks import Environment
from mpo.train import Training

__all__ = ["Actor", "Networks", "Training", "environment"]


def environment(settings: Settings) -> Environment:
    """The simulator in which a run's policy is played again."""
    return Environment(settings.environment, settings.action_repeat)
