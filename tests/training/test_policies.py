"""Policies that leave: `action` is what evaluation does, and TorchScript says the same alone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch

import mpo
from mpo.__main__ import main
from mpo.settings import settings
from mpo.training import run
from mpo.training.environment import Environment
from mpo.training.policies import Exported, Policy
from mpo.training.replaying import load_policy
from tests.runs import TINY, job, tiny
from tests.training.environment.making import Made, registered
from tests.training.protocols.iterations import iterating

pytestmark = pytest.mark.usefixtures("unchecked")
ROOT = Path(__file__).parents[2]
TORCH_ALONE = """
import sys, numpy, torch
sys.modules["mpo"] = None  # importing it fails
policy = torch.jit.load(sys.argv[1])
observations = torch.from_numpy(numpy.load(sys.argv[2]))
numpy.savez(sys.argv[3], batch=policy(observations), one=policy(observations[0]))
"""
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "normalised": {"layer_norm": True, "covariance": "diagonal", "mean": "tanh"},
    "by a sigmoid": {"mean": "sigmoid"},
    "iterations": {"protocol": "iterations"},
}


@pytest.fixture(params=KINDS)
def finished(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of a finished run."""
    made = iterating.tiny if request.param == "iterations" else tiny
    fields = {"environment": "Pendulum-v1", "episode_steps": 8}
    done = job(tmp_path, made(**{**KINDS[request.param], **fields}))
    assert run.train(done, bar=False) == "completed"
    return done.out


def test_an_action_is_what_evaluation_steps_with(finished: Path) -> None:
    policy = mpo.load_policy(finished)
    environment = Environment.of(policy.settings)
    actor = load_policy(finished, environment, policy.settings)
    for seed in range(5):
        observation = environment.reset(seed)
        action = policy.action(observation)
        np.testing.assert_array_equal(action, environment.actions.native(actor.mean(observation)))
        assert policy.action_space.contains(action)
        drawn = [policy.sample(observation, np.random.default_rng(s)) for s in (0, 0, 1)]
        assert np.array_equal(drawn[0], drawn[1])
        assert not np.array_equal(drawn[0], drawn[2])
        assert all(policy.action_space.contains(each) for each in drawn)


def test_torchscript_says_the_same_without_this_package(finished: Path, tmp_path: Path) -> None:
    file, given, found = (tmp_path / name for name in ("policy.pt", "given.npy", "found.npz"))
    assert main(["export", str(finished), str(file)]) == 0
    policy = Policy(finished)
    draw = np.random.default_rng(0).standard_normal
    observations = draw((50, policy.observation_size), np.float32) * 3.0
    np.save(given, observations)
    alone = [sys.executable, "-I", "-c", TORCH_ALONE, *map(str, (file, given, found))]
    done = subprocess.run(alone, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    expected = np.stack([policy.action(each) for each in observations])
    with np.load(found) as said:
        np.testing.assert_allclose(said["batch"], expected, rtol=0, atol=1e-6)
        np.testing.assert_allclose(said["one"], expected[0], rtol=0, atol=1e-6)
        assert said["batch"].dtype == expected.dtype


def test_the_file_says_in_which_order_an_observation_is_flat(tmp_path: Path) -> None:
    """Of hopper, whose touch comes last, while Gymnasium sorts it before velocity."""
    chosen = settings({**TINY, "environment": "dm_control/hopper-stand-v0"})
    done = job(tmp_path, chosen)
    run.train(done, bar=False)
    main(["export", str(done.out), str(tmp_path / "policy.pt")])
    extra = {"observation.json": ""}
    torch.jit.load(str(tmp_path / "policy.pt"), _extra_files=extra)
    told = json.loads(extra["observation.json"])
    assert list(told.items()) == [("position", 6), ("velocity", 7), ("touch", 2)]
    environment = Environment.of(chosen)
    whole = environment.simulator.reset(0)
    flat = environment.reset(0)
    environment.close()
    parts = np.split(flat, np.cumsum(list(told.values()))[:-1])
    for name, part in zip(told, parts, strict=True):
        np.testing.assert_allclose(part, whole[name], rtol=1e-6)


SPACES = [
    gymnasium.spaces.Box(-2.0, 0.5, (2, 3), np.float64),
    gymnasium.spaces.Box(0, 9, (2,), np.int64),
    gymnasium.spaces.Box(np.array([-1.0, 3.0]), np.array([5.0, 4.0]), dtype=np.float64),
    gymnasium.spaces.Box(-3.0, 1.0, ()),
]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_any_box_has_its_bounds_shape_and_type(space: gymnasium.spaces.Box) -> None:
    with registered(lambda: Made(actions=space)) as name:
        environment = Environment(name)
    chosen = settings({"policy_hidden": (16,), "mean": "unbounded"})
    outputs, draw = space.low.size, np.random.default_rng(1).standard_normal
    shapes = {"0.weight": (16, 3), "0.bias": (16,)}
    shapes |= {"head.weight": (2 * outputs, 16), "head.bias": (2 * outputs,)}
    named = {key: torch.from_numpy(0.5 * draw(shape, np.float32)) for key, shape in shapes.items()}
    module = Exported(chosen, named, environment.actions)
    observations = torch.randn(40, 3)
    found = module(observations).numpy()
    for one, action in zip(observations, found, strict=True):
        raw = (module.layers(one)).numpy()
        expected = environment.actions.native(raw)
        np.testing.assert_allclose(action, expected, atol=1e-6)
        assert (action.shape, action.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(module(one).numpy(), action, atol=1e-6)
    assert len(np.unique(found)) > 5


def test_an_observation_may_be_the_environments_own(tmp_path: Path) -> None:
    fields = {"environment": "dm_control/cartpole-balance-v0", "episode_steps": 20}
    done = job(tmp_path, tiny(fields))
    run.train(done, bar=False)
    policy, environment = Policy(done.out), gymnasium.make(fields["environment"])
    observation, _ = environment.reset(seed=3)
    flat = Environment.of(policy.settings).reset(3)
    np.testing.assert_array_equal(policy.action(observation), policy.action(flat))
    assert environment.action_space.contains(policy.action(observation))


def test_what_is_no_run_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run.json").write_text("{}")
    assert main(["export", str(tmp_path), str(tmp_path / "policy.pt")]) == 2
    said = capsys.readouterr().err
    assert said == f"mpo: {tmp_path / 'run.json'}: not a run's description\n"
    assert not (tmp_path / "policy.pt").exists()


def test_the_package_alone_loads_no_pytorch() -> None:
    code = "import sys, mpo; print({'torch', 'numpy', 'gymnasium'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "set()", done.stderr
