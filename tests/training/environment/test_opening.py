"""Ids: what cannot be made is refused in one line, with what would mend it where that is known."""

import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import TimeLimit

from mpo.settings import settings
from mpo.training.environment import Environment, EnvironmentFault, require_contract
from tests.training.environment.making import Made, check, made, registered

IDS = [
    ("NoSuch-v0", r"cannot be made: NameNotFound: Environment `NoSuch` doesn't exist$"),
    ("", "cannot be made: Error: Malformed environment ID"),
    ("no such id!", "cannot be made: Error: Malformed environment ID"),
    ("a:b:c", "is no id; module:namespace/name-v0 is one$"),
    ("nomodule:Foo-v0", "No module named 'nomodule'.*; its folder must be in PYTHONPATH, or its"),
    ("nomodule.inner:Foo-v0", "No module named 'nomodule'.*; its folder must be in PYTHONPATH"),
    ("gymnasium_robotics:FetchReach-v3", "; pip install 'gymnasium-robotics' mends it$"),
    ("Hopper-v2", "cannot be made: ImportError: .*; Hopper-v5 can be had$"),
    ("HalfCheetah-v3", "cannot be made: ImportError: .*; HalfCheetah-v5 can be had$"),
    ("Hopper-v9", "VersionNotFound: .*; Hopper-v5 can be had$"),
    (
        "phys2d/Pendulum-v0",
        r"ModuleNotFoundError: .*jax.*; pip install 'gymnasium\[jax\]' mends it$",
    ),
    ("ALE/Pong-v5", "pip install 'ale-py' and name the module that .* as in module:ALE/Pong-v5$"),
    ("dm_controll/cartpole-balance-v0", r"Did you mean: `dm_control`\?$"),
    ("LunarLanderContinuous-v3", r"pip install \"gymnasium\[box2d\]\"`$"),
    ("dm_control/nothing-v0", "doesn't exist in namespace dm_control"),
]


@pytest.mark.parametrize(("name", "said"), IDS)
def test_an_id_that_cannot_be_made_is_one_line(
    name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("jax", "Box2D"):  # where somebody has them
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EnvironmentFault, match=said) as caught:
        Environment(name)
    assert str(caught.value).startswith(f"environment: {name!r} ")
    assert "\n" not in str(caught.value)


MODULES = {
    "raises": ("raise RuntimeError('no licence\\nfound')", r"RuntimeError: no licence found \(mo"),
    "imports": ("import nothing_of_that_name", "; pip install 'nothing_of_that_name' mends it$"),
    "imports_jax": ("import jax", r"; pip install 'gymnasium\[jax\]' mends it$"),
    "registers_nothing": ("", "NameNotFound: Environment `Foo` doesn't exist$"),
}


@pytest.mark.parametrize("kind", MODULES)
def test_a_module_that_does_not_register_it_is_one_line(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, said = MODULES[kind]
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "jax", None)
    (tmp_path / f"module_that_{kind}.py").write_text(text)
    with pytest.raises(EnvironmentFault, match=said) as caught:
        Environment(f"module_that_{kind}:Foo-v0")
    assert "\n" not in str(caught.value)


def test_a_constructor_that_fails_is_one_line() -> None:
    def creator() -> gymnasium.Env:
        raise OSError("the robot\nis not switched on")

    with pytest.raises(EnvironmentFault, match="OSError: the robot is not switched on"):
        made(creator)


def test_what_is_no_environment_is_one_line() -> None:
    with pytest.raises(EnvironmentFault, match=r"must inherit from the gymnasium\.Env class"):
        made(dict)  # type: ignore[arg-type]


def test_what_gymnasium_warns_of_is_passed_on_when_a_run_starts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with registered(Made) as name:
        gymnasium.register("Made-v1", Made)  # type: ignore[arg-type]
        try:
            require_contract(settings({"environment": name}))
        finally:
            del gymnasium.registry["Made-v1"]
    (record,) = caplog.records
    assert "environment: 'Made-v0' WARN: The environment Made-v0 is out of date" in record.message
    assert "\n" not in record.message
    assert "\x1b" not in record.message


def test_a_time_limit_may_stand_anywhere_in_the_wrapping() -> None:
    assert made(lambda: TimeLimit(Made(), 5), limit=None).action_size == 2
    check(
        lambda: gymnasium.wrappers.RescaleAction(
            TimeLimit(Made(), 5), np.float64(-1.0), np.float64(1.0)
        ),
        limit=None,
    )
    with pytest.raises(EnvironmentFault, match="declares no time limit"):
        made(limit=None)
