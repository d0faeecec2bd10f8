"""From an id to a Gymnasium environment: made, or refused with what would mend it."""

import importlib.util
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import gymnasium
from gymnasium.envs.registration import (
    find_highest_version,
    get_env_id,
    load_env_creator,
    parse_env_id,
)
from gymnasium.error import NamespaceNotFound
from gymnasium.wrappers import TimeLimit

from mpo.training.environment.faults import Breach, EnvironmentFault, told
from mpo.training.environment.registration import DmControlCompatibilityV0, lacking

PACKAGES = {
    "ALE": "ale-py",
    "Box2D": "gymnasium[box2d]",
    "ale_py": "ale-py",
    "gymnasium_robotics": "gymnasium-robotics",
    "jax": "gymnasium[jax]",
    "panda_gym": "panda-gym",
    "pygame": "gymnasium[classic-control]",
}
"""What to install for a module or a namespace whose package has another name."""


COLOUR = re.compile("\x1b\\[[0-9;]*m")
OURS = ("id", "render_mode", "disable_env_checker")
"""Keyword arguments of `gymnasium.make` that are given here."""


class Layer(NamedTuple):
    """A wrapper as "module:Class", with the keyword arguments that it takes."""

    wrapper: str
    kwargs: Mapping[str, Any]


def make(
    name: str, render: bool, kwargs: Mapping[str, Any], wrappers: Sequence[Layer]
) -> tuple[gymnasium.Env, list[str]]:
    """The Gymnasium environment `name`, wrapped, and what Gymnasium warns of.

    `kwargs` go to `gymnasium.make`; the first of `wrappers` is the innermost. Raises
    `EnvironmentFault` for whatever keeps it from being made.
    """
    if name.count(":") > 1:
        raise EnvironmentFault(name, "is no id; module:namespace/name-v0 is one")
    if given := [key for key in OURS if key in kwargs]:
        raise EnvironmentFault(name, f"cannot be made: kwargs: {given[0]!r} is not a task's to set")
    classes = [_wrapper_class(name, layer.wrapper) for layer in wrappers]
    options: dict[str, Any] = {**kwargs, **({"render_mode": "rgb_array"} if render else {})}
    with warnings.catch_warnings(record=True) as said:
        try:
            made = gymnasium.make(name, disable_env_checker=True, **options)
        except Exception as error:  # an entry point is foreign code
            fault = f"cannot be made: {told(error)}{_mending(name, error)}"
            raise EnvironmentFault(name, fault) from error
        for layer, kind in zip(wrappers, classes, strict=True):
            try:
                made = kind(made, **layer.kwargs)
            except Exception as error:  # a wrapper is foreign code
                made.close()
                fault = f"cannot be wrapped in {layer.wrapper}: {told(error)}"
                raise EnvironmentFault(name, fault) from error
    return made, [" ".join(COLOUR.sub("", str(warning.message)).split()) for warning in said]


def _wrapper_class(name: str, wrapper: str) -> Any:
    """The class that `wrapper` names. Raises `EnvironmentFault` for the environment `name`."""
    fault = f"cannot be wrapped in {wrapper}: "
    try:
        found: Any = load_env_creator(wrapper)
    except Exception as error:  # a module is foreign code
        said = f"{told(error)}{_mending(wrapper, error)}"
        raise EnvironmentFault(name, fault + said) from error
    if not isinstance(found, type) or not issubclass(found, gymnasium.Wrapper):
        raise EnvironmentFault(name, f"{fault}it is no class derived from gymnasium.Wrapper")
    return found


def _mending(name: str, error: Exception) -> str:
    """What would mend it, where that is known."""
    module, _, registered = name.rpartition(":")
    if "pip install" in str(error) or "Did you mean" in str(error):
        return ""
    cause = error.__cause__ if isinstance(error.__cause__, ModuleNotFoundError) else error
    if isinstance(cause, ModuleNotFoundError) and cause.name:
        missing = cause.name.partition(".")[0]
        if importlib.util.find_spec(missing):
            return ""
        if missing in PACKAGES or missing != module.partition(".")[0]:
            return f"; pip install '{PACKAGES.get(missing, missing)}' mends it"
        return "; its folder must be in PYTHONPATH, or its package installed"
    if isinstance(error, NamespaceNotFound):
        namespace = registered.partition("/")[0]
        package = PACKAGES.get(namespace)
        install = f"pip install '{package}' and " if package else ""
        return f"; {install}name the module that registers it, as in module:{registered}"
    try:
        namespace, base, version = parse_env_id(registered)
    except gymnasium.error.Error:
        return ""
    if package := lacking(namespace, base):
        return f"; {package} is missing: pip install '{package}', up to Python 3.12"
    newest = find_highest_version(namespace, base)
    if newest is None or newest == version:
        return ""
    return f"; {get_env_id(namespace, base, newest)} can be had"


def time_limit(environment: gymnasium.Env) -> int:
    """Control steps after which a clock ends an episode. Raises `Breach` where none is declared."""
    layer: Any = environment
    while isinstance(layer, gymnasium.Wrapper):
        if isinstance(layer, TimeLimit):
            return layer._max_episode_steps
        layer = layer.env
    if isinstance(layer, DmControlCompatibilityV0):
        # dm_control keeps its limit to itself: in control steps or, in composers, in seconds
        inner: Any = layer._env
        steps = getattr(inner, "_step_limit", math.inf)
        seconds = getattr(inner, "_time_limit", math.inf)
        least = min(steps, seconds / inner.control_timestep() if seconds < math.inf else math.inf)
        if math.isfinite(least):
            return math.ceil(least)
    raise Breach(
        "declares no time limit, so that an episode may never end; accepted is one that is "
        "registered with max_episode_steps, or whose task's entry gives episode_steps"
    )
