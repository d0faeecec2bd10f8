"""What a run is to those who write its files, whoever trained it: alone or in a cohort."""

from typing import Protocol

from mpo.algorithm.networks import Networks
from mpo.training.clock import Clock
from mpo.training.logs import Logs
from mpo.training.session import Learns


class Trained(Protocol):
    """Its rows, its policy, and how far it came."""

    @property
    def networks(self) -> Networks: ...
    @property
    def learner(self) -> Learns: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def logs(self) -> Logs: ...
    @property
    def evaluations(self) -> list[dict[str, float]]: ...
    @property
    def cut_at(self) -> list[int]: ...
    @property
    def step(self) -> int: ...
    @property
    def episodes(self) -> int: ...
