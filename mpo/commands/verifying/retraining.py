"""A run trained again from what its `run.json` says, with this package's code or an older one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mpo.commands import InputError
from mpo.settings import PACKAGE

CODE = PACKAGE.parent
"""Where today's package is."""


def train(
    run: Mapping[str, Any],
    settings: Mapping[str, Any],
    out: Path,
    state: Path,
    code: Path = CODE,
    quiet: bool = False,
    fresh: bool = False,
) -> None:
    """Train the task, variant and seed of `run` with `settings`, by the package in `code`.

    Its files go to `out`, its checkpoint to `state`. Raises `InputError` where that fails, with
    what the trainer said last where it is `quiet`. A `fresh` run is trained from its beginning,
    whatever is kept of it; older code does not know of that. What was trained in a cohort is
    trained so again, with the same other seeds.
    """
    cohort = run.get("cohort")
    place = out.with_name(f"{out.name}-cohort") if cohort else out
    command = [sys.executable, "-m", "mpo", "train", "--task", run["task"]]
    command += ["--variant", run["variant"]]
    command += ["--seeds", ",".join(map(str, cohort))] if cohort else ["--seed", str(run["seed"])]
    command += ["--study-seed", str(run["study_seed"]), "--settings", json.dumps(settings)]
    command += ["--out", str(place.absolute()), "--state", str(state.absolute())]
    command += ["--quiet"] if quiet else []
    command += ["--fresh"] if fresh else []
    paths = [str(code), *filter(None, [os.environ.get("PYTHONPATH")]), str(Path.cwd())]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(command, cwd=code, env=environment, capture_output=quiet, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] if quiet else ["what it said is above"]
        raise InputError(f"{out}: training again failed: {''.join(said)}")
    if cohort:
        shutil.rmtree(out, ignore_errors=True)
        shutil.move(place / str(run["seed"]), out)
        shutil.rmtree(place)


def unlike(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How machine and versions of two run.json differ, which is what other bytes come from."""
    return "; ".join(
        f"{key} {then[part].get(key)} then, {now[part].get(key)} now"
        for part in ("versions", "machine")
        for key in {**then[part], **now[part]}
        if key != "cores" and then[part].get(key) != now[part].get(key)
    )
