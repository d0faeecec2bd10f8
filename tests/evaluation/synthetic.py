"""Studies made up whole: folders with the files of every run, without training anything.

python tests/evaluation/synthetic.py /tmp/study --tasks 4 --variants 8 --seeds 5
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mpo.rundir import EVALUATION_COLUMNS, TIMING_COLUMNS, TRAINING_COLUMNS

TASKS = ["cartpole-balance", "acrobot-swingup", "hopper-stand", "Hopper-v5"]
VARIANTS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "paper": (None, {}),
    "stable_dual": ("paper", {"dual": "stable"}),
    "huber": ("stable_dual", {"dual": "stable", "critic_loss": "huber"}),
    "td0": ("stable_dual", {"dual": "stable", "returns": "td0"}),
    "stabilised": ("stable_dual", {"dual": "stable", "returns": "n_step"}),
    "stable_dual_with_norm": ("stable_dual", {"dual": "stable", "layer_norm": True}),
    "stabilised_without_norm": ("stabilised", {"dual": "stable", "returns": "n_step"}),
    "improved_estep": ("stabilised", {"dual": "stable", "backup": "improved"}),
    "soft_estep": ("stabilised", {"dual": "stable", "backup": "soft"}),
    "converged_estep": ("soft_estep", {"dual": "stable", "backup": "soft"}),
}
"""Variants that studies are made of: base and settings."""
SWEPT = {"stable_dual": {"field": "dual", "value": "stable"}}
"""What is one value of a sweep of its base."""
RUNGS = {
    "stable_dual_with_norm": {"of": "stabilised", "trick": "norm", "added": True},
    "stabilised_without_norm": {"of": "stabilised", "trick": "norm", "added": False},
}
"""What is one trick of `stabilised`, alone or left out."""
STEPS = 10_000
RANDOM_RETURN = 40.0
DIVERGED = {"step": 4500, "updates": 1100, "what": "loss_critic", "where": "update"}


def write_study(
    folder: Path,
    tasks: Sequence[str] = TASKS[:2],
    variants: Sequence[str] = ("paper", "stable_dual", "stabilised"),
    seeds: Sequence[int] = (0, 1, 2),
    points: int = 5,
    episodes: int = 2,
    final_episodes: int = 3,
    diverged: Mapping[tuple[str, str, int], int] | None = None,
    steps: int = STEPS,
) -> Path:
    """Writes `folder/manifest.json` and a folder for each run; returns `folder`.

    `diverged`: runs (task, variant, seed) with the number of evaluations that they reached.
    `steps`: budget of the first task; others have up to three times as much.
    """
    manifest: dict[str, Any] = {
        "format": 1,
        "study": folder.name,
        "study_seed": 7,
        "tasks": {task: _task(place, task, steps) for place, task in enumerate(tasks)},
        "variants": {
            name: {
                "base": _base(name),
                "change": f"what {name} changes in its base",
                "source": "made up",
                "settings": VARIANTS.get(name, ("", {}))[1],
                **({"sweep": SWEPT[name]} if name in SWEPT else {}),
                **({"rung": RUNGS[name]} if name in RUNGS else {}),
            }
            for name in variants
        },
        "seeds": list(seeds),
        "evaluation": {"points": points, "episodes": episodes, "final_episodes": final_episodes},
        "runs": [],
    }
    for task in tasks:
        for variant in variants:
            for seed in seeds:
                run = {
                    "task": task,
                    "variant": variant,
                    "seed": seed,
                    "path": f"runs/{task}/{variant}/{seed}",
                    "settings_digest": _digest("settings", task, variant, seed),
                    "code_digest": _digest("code", variant),
                }
                manifest["runs"].append(run)
                reached = (diverged or {}).get((task, variant, seed), points)
                write_run(folder, manifest, run, reached)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2))
    return folder


def _task(place: int, task: str, steps: int) -> dict[str, Any]:
    return {
        "environment": f"made-up/{task}-v0",
        "action_repeat": 1 + place % 2,
        "steps": steps * (1 + place % 3),
        "score_range": [0, 1000],
        "reference": "made up",
        "threshold": None if place else 0.6,
        "random_return": RANDOM_RETURN,
    }


def _base(name: str) -> str | None:
    return VARIANTS[name][0] if name in VARIANTS else "paper"


def _digest(*names: Any) -> str:
    return hashlib.sha256(repr(names).encode()).hexdigest()


def write_run(folder: Path, manifest: dict, run: dict[str, Any], reached: int) -> None:
    """Writes the files of `run`, an entry of the content of a manifest, to its folder."""
    task, path = manifest["tasks"][run["task"]], folder / run["path"]
    path.mkdir(parents=True)
    digest = _digest("noise", run["task"], run["variant"], run["seed"])
    generator = np.random.default_rng(int(digest[:8], 16))
    points, complete = manifest["evaluation"]["points"], reached == manifest["evaluation"]["points"]
    share = reached / points
    updates = int(share * task["steps"] / 4)
    evaluations = _evaluations(generator, manifest, run, reached)
    evaluations.to_csv(path / "evaluations.csv", index=False)
    training = _training(generator, run, np.arange(100, updates + 1, 100), task["steps"] / 4)
    training.to_csv(path / "training.csv", index=False)
    shares = np.linspace(0.002, 0.004, len(TIMING_COLUMNS) - 2)
    seconds = np.outer(training["updates"], shares) + 1
    timing = pd.DataFrame(seconds, columns=list(TIMING_COLUMNS[2:]))
    timing = pd.concat([training[["step", "updates"]], timing], axis=1)
    timing.to_csv(path / "timing.csv", index=False)
    entry = {key: run[key] for key in ("task", "variant", "seed", "settings_digest", "code_digest")}
    values = {
        "format": 1,
        **entry,
        "study_seed": manifest["study_seed"],
        "status": "completed" if complete else "diverged",
        "divergence": None if complete else DIVERGED,
        "settings": manifest["variants"][run["variant"]]["settings"],
        "steps": int(share * task["steps"]),
        "updates": updates,
        "episodes": reached * 3,
        "seed_derivation": "made up",
        "git": {"commit": "0123456789abcdef", "dirty": False},
        "versions": {"python": "3.11.0", "torch": "2.0.0"},
        "machine": {"cpu": "made up", "flags": ["avx2"], "cores": 2, "threads": 1},
        "wall_s": float(generator.uniform(80, 120)),
        "cpu_s": float(generator.uniform(80, 120)),
        "resumed_at": [],
        "attempts": 1,
    }
    (path / "run.json").write_text(json.dumps(values, indent=2))


def _evaluations(generator, manifest: dict, run: dict[str, Any], reached: int) -> pd.DataFrame:
    """Saturating curves whose speed and height depend on the variant."""
    counts, task = manifest["evaluation"], manifest["tasks"][run["task"]]
    strength = 0.35 + 0.08 * list(manifest["variants"]).index(run["variant"])
    level = np.clip(strength + generator.normal(0, 0.06), 0.05, 0.98)
    rows = []
    for point in range(1, reached + 1):
        share = point / counts["points"]
        episodes = counts["final_episodes" if point == counts["points"] else "episodes"]
        for episode in range(episodes):
            value = 1000 * level * (1 - np.exp(-4 * strength * share)) + generator.normal(0, 15)
            rows.append(
                [
                    point * task["steps"] // counts["points"],
                    episode,
                    value,
                    1000,
                    value / 9,
                    value / 10,
                ]
            )
    return pd.DataFrame(rows, columns=list(EVALUATION_COLUMNS))


def _training(generator, run: dict[str, Any], updates: np.ndarray, last: float) -> pd.DataFrame:
    values = generator.uniform(0.1, 2.0, (len(updates), len(TRAINING_COLUMNS)))
    rows = pd.DataFrame(values, columns=list(TRAINING_COLUMNS))
    fall = 6.0 if VARIANTS.get(run["variant"], (None, {"dual": "stable"}))[1] else 2.0
    temperature = np.exp(-fall * updates / last + generator.normal(0, 0.15, len(updates)))
    raw = "dual" not in VARIANTS.get(run["variant"], (None, {"dual": "stable"}))[1]
    return rows.assign(
        step=4 * updates,
        updates=updates,
        temperature=temperature,
        dual_overflows=generator.integers(0, 3, len(updates)) if raw else 0,
    )


def main() -> None:
    """Writes a study from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tasks", type=int, default=2)
    parser.add_argument("--variants", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--points", type=int, default=25)
    chosen = parser.parse_args()
    names = [*VARIANTS, *(f"variant_{number}" for number in range(chosen.variants))]
    tasks = [*TASKS, *(f"task-{number}" for number in range(chosen.tasks))]
    write_study(
        chosen.folder,
        tasks[: chosen.tasks],
        names[: chosen.variants],
        range(chosen.seeds),
        chosen.points,
    )


if __name__ == "__main__":
    main()
