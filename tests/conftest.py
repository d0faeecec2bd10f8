"""Shapes of the mathematics checked at run time, one thread, and hypothesis without chance."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import jaxtyping
import pytest
import torch

CHECKED = (
    "mpo.algorithm.estep.weights",
    "mpo.algorithm.mstep.lagrangian",
    "mpo.algorithm.gaussian",
    "mpo.algorithm.metrics",
    "mpo.algorithm.networks",
    "mpo.algorithm.update",
    "mpo.algorithm.policy_evaluation.evaluation",
    "mpo.algorithm.dual_variables",
    "mpo.algorithm.computing.optimiser",
    "mpo.algorithm.estep.duals",
    "mpo.algorithm.policy_evaluation.backups",
    "mpo.algorithm.policy_evaluation.returns",
    "mpo.algorithm.mstep.covariances",
    "mpo.algorithm.mstep.likelihoods",
    "mpo.algorithm.mstep.kls",
    "mpo.algorithm.estep.forms",
)
"""Modules whose annotated shapes are checked at every call."""
LONGEST = (
    "workflow/test_study.py",
    "training/test_variants.py",
    "workflow/test_graph.py",
)
"""Files that take longest and are begun first, so that at the end no worker waits for another."""

jaxtyping.install_import_hook(CHECKED, "beartype.beartype")

hypothesis.settings.register_profile(
    "tests",
    deadline=None,
    derandomize=True,
    max_examples=40,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # a machine may be
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tests"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; the others as they come."""

    def place(item: pytest.Item) -> int:
        name = item.path.as_posix()
        return next((i for i, end in enumerate(LONGEST) if name.endswith(end)), len(LONGEST))

    items.sort(key=place)


@pytest.fixture
def unchecked():
    """Whole runs, whose functions are checked elsewhere, at their own speed."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture
def double():
    """Float64 throughout."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture(autouse=True)
def _same_conditions():
    """One thread, and no test sees the global generator as another one left it."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    if torch.are_deterministic_algorithms_enabled():  # asked first, since setting it is slow
        torch.use_deterministic_algorithms(False)
