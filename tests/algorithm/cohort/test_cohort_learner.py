"""Learners updated as one: the numbers of each alone, whoever the others are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mpo.algorithm.batch import Batch
from mpo.algorithm.cohort.learner import CohortLearner
from mpo.algorithm.cohort.stacked import ALIGNMENT, rows, whole
from mpo.algorithm.learner import Learner
from mpo.algorithm.networks import Networks, size
from mpo.settings import Settings
from tests.apart import apart
from tests.learning import ACTION, OBSERVATION, VARIANTS, drawn, filled, small

FAMILIES = ("paper", "stabilised", "exact_dual", "parametric", "soft_estep")
TOLERANCE = 1e-11
"""In float64: in float32 Adam makes more of rounding, whose first steps are signs of gradients."""
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device here")
pytestmark = pytest.mark.usefixtures("unchecked")
REFRESHED = {"policy_target_period": 2, "critic_target_period": 3}


def chosen(name: str, **more: Any) -> Settings:
    return small({**VARIANTS[name], **REFRESHED}, **more)


def cohort(settings: Settings, seeds: Sequence[int], as_one: bool) -> CohortLearner:
    networks = Networks(settings, OBSERVATION, ACTION)
    shape = (size(networks.policy_shapes()),)
    acting, average = (rows(len(seeds), shape, torch.device("cpu")) for _ in range(2))
    pairs = [(seed, seed + 100) for seed in seeds]
    return CohortLearner(networks, pairs, acting, average, as_one)


def alone(settings: Settings, seed: int) -> Learner:
    return Learner(Networks(settings, OBSERVATION, ACTION), seed, seed + 100)


def batches(settings: Settings, seeds: Sequence[int], index: int) -> Batch:
    """Each seed's own, from a replay of its own."""
    device = torch.device(settings.device)
    each = [drawn(filled(seed), settings, index) for seed in seeds]
    return Batch(*(torch.stack(fields).to(device) for fields in zip(*each, strict=True)))


def advance(
    made: CohortLearner, settings: Settings, seeds: Sequence[int], updates: int = 4
) -> CohortLearner:
    for index in range(updates):
        made.update(batches(settings, seeds, index), range(len(seeds)))
    return made


def tensors(learner: Learner) -> list[Tensor]:
    state = learner.state
    parts = [each for part in state[:3] for each in part]
    acting = torch.from_numpy(learner.evaluated_parameters())
    return [*parts, state.target_policy, state.target_critic, learner.sums.nan_to_num(), acting]


def of_its_files(learner: Learner) -> list[Tensor]:
    """What a frozen member's files are made of: not its targets, which may follow its networks."""
    return tensors(learner)[:12] + tensors(learner)[-2:]


def equal(first: Learner, second: Learner) -> bool:
    return all(torch.equal(a, b) for a, b in zip(tensors(first), tensors(second), strict=True))


def apart_by(first: Learner, second: Learner) -> float:
    """The largest difference, relative to the largest number of its tensor."""
    return max(
        float((a.cpu() - b.cpu()).abs().max() / (1e-2 + b.abs().max()))
        for a, b in zip(tensors(first), tensors(second), strict=True)
    )


def of_each_alone(name: str, as_one: bool) -> list[tuple[Learner, Learner]]:
    """The members of a cohort after four updates, each with its learner trained alone."""
    settings, seeds = chosen(name), (3, 5, 8)
    members = advance(cohort(settings, seeds, as_one), settings, seeds).members
    others = [alone(settings, seed) for seed in seeds]
    for other, seed in zip(others, seeds, strict=True):
        for index in range(4):
            other.update(drawn(filled(seed), settings, index))
    assert {each.updates for each in (*members, *others)} == {4}
    return list(zip(members, others, strict=True))


@pytest.mark.parametrize("name", FAMILIES)
def test_run_by_run_each_member_has_the_bytes_of_a_learner_alone(name: str) -> None:
    assert all(equal(member, other) for member, other in of_each_alone(name, as_one=False))


@pytest.mark.parametrize("name", FAMILIES)
def test_as_one_each_member_has_the_numbers_of_a_learner_alone(name: str, double) -> None:
    assert max(apart_by(*pair) for pair in of_each_alone(name, as_one=True)) < TOLERANCE


def test_an_average_of_the_policy_follows_in_either_way(double) -> None:
    settings, seeds = chosen("stabilised", policy_average=3), (1, 2)
    one, other = (
        advance(cohort(settings, seeds, as_one), settings, seeds) for as_one in (False, True)
    )
    for first, second in zip(one.members, other.members, strict=True):
        assert apart_by(first, second) < TOLERANCE
        assert not np.array_equal(first.evaluated_parameters(), first.policy_parameters())


@pytest.mark.parametrize("as_one", [False, True], ids=["run by run", "as one"])
def test_a_member_that_broke_and_is_frozen_changes_nothing_in_the_others(as_one: bool) -> None:
    settings, seeds = chosen("stabilised"), (1, 2, 3)
    whole_one, broken = (cohort(settings, seeds, as_one) for _ in range(2))
    broken.members[1].state.critic.parameters.fill_(torch.nan)
    kept = [tensor.clone() for tensor in of_its_files(broken.members[1])]
    for index in range(3):
        batch = batches(settings, seeds, index)
        whole_one.update(batch, (0, 1, 2))
        broken.update(batch, (0, 2))
    for run in (0, 2):
        assert equal(broken.members[run], whole_one.members[run])
    assert broken.members[1].updates == 0
    for before, after in zip(kept, of_its_files(broken.members[1]), strict=True):
        assert before.nan_to_num(7.0).equal(after.nan_to_num(7.0))


def of_two_cohorts(as_one: bool) -> tuple[Learner, Learner]:
    """The member of seed 2 among two others, and beside another one."""
    settings = chosen("stabilised")
    one, other = (advance(cohort(settings, s, as_one), settings, s) for s in ((1, 2, 3), (9, 2)))
    return one.members[1], other.members[1]


def test_run_by_run_a_member_s_bytes_do_not_depend_on_the_others() -> None:
    assert equal(*of_two_cohorts(as_one=False))


def test_as_one_a_member_s_numbers_do_not_depend_on_the_others(double) -> None:
    assert apart_by(*of_two_cohorts(as_one=True)) < TOLERANCE


def test_a_saved_member_goes_on_as_if_it_had_not_been() -> None:
    settings, seeds = chosen("stabilised"), (1, 2)
    straight = advance(cohort(settings, seeds, True), settings, seeds, 4)
    begun = advance(cohort(settings, seeds, True), settings, seeds, 2)
    resumed = cohort(settings, (7, 8), True)
    for old, new in zip(begun.members, resumed.members, strict=True):
        new.restore(old.checkpoint())
    for index in (2, 3):
        resumed.update(batches(settings, seeds, index), (0, 1))
    for one, other in zip(straight.members, resumed.members, strict=True):
        assert equal(one, other)


def test_rows_begin_where_tensors_of_their_own_would() -> None:
    made = rows(3, (5, 3), torch.device("cpu"))
    assert made.shape == (3, 5, 3)
    assert {row.data_ptr() % ALIGNMENT for row in made} == {0}
    assert whole(rows(3, (17,), torch.device("cpu"))).shape == (3, 32)


def _compiled_against_eager(name: str, device: str) -> float:
    torch._dynamo.reset()
    seeds, worst = (1, 2, 3), 0.0
    eager, compiled = (
        advance(cohort(settings, seeds, True), settings, seeds, 3)
        for settings in (chosen(name, compile=mode, device=device) for mode in (False, True))
    )
    assert compiled.compiled and not eager.compiled
    for one, other in zip(compiled.members, eager.members, strict=True):
        worst = max(worst, apart_by(one, other))
    return worst


@pytest.mark.soak
@pytest.mark.parametrize("name", ["stabilised", "exact_dual"])
def test_all_compile_as_one_graph(name: str) -> None:
    assert apart(_compiled_against_eager, name, "cpu") < 1e-3


@GPU
@pytest.mark.parametrize("name", ["paper", "stabilised", "exact_dual"])
def test_all_compile_as_one_graph_of_cuda(name: str) -> None:
    assert apart(_compiled_against_eager, name, "cuda") < 1e-3


@GPU
@pytest.mark.parametrize("name", FAMILIES)
def test_on_a_gpu_members_have_the_numbers_of_a_learner_alone(name: str) -> None:
    """Two updates, since on a GPU products of one and of several round apart sooner."""
    settings, seeds = chosen(name, device="cuda"), (3, 5, 8)
    made = advance(cohort(settings, seeds, True), settings, seeds, 2)
    for member, seed in zip(made.members, seeds, strict=True):
        other = alone(settings, seed)
        for index in range(2):
            other.update(drawn(filled(seed), settings, index))
        assert apart_by(member, other) < 1e-3


def _frozen_among_others_on_a_gpu() -> bool:
    settings, seeds = chosen("stabilised", device="cuda", compile=True), (1, 2, 3)
    whole_one, broken = (cohort(settings, seeds, True) for _ in range(2))
    broken.members[1].state.critic.parameters.fill_(torch.nan)
    for index in range(4):
        batch = batches(settings, seeds, index)
        whole_one.update(batch, (0, 1, 2))
        broken.update(batch, (0, 2))
    return all(equal(broken.members[run], whole_one.members[run]) for run in (0, 2))


@GPU
def test_on_a_gpu_a_frozen_member_changes_nothing_in_the_others_compiled() -> None:
    assert apart(_frozen_among_others_on_a_gpu)
