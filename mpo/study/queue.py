"""Which runs stand in Slurm's queue: submitted from this folder and not started yet.

Snakemake's plugin for Slurm puts rule and wildcards into a job's comment, as
`rule_train_paper_wildcards_cartpole-balance_0`; the study is not in it. The rule is called as
`Variant.rule` says, which is not the variant's name where a sweep made it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

FORMAT = "%T|%Z|%k"
"""State, working directory, comment."""
STATES = ("PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT", "SUSPENDED")
COMMENT = re.compile(r"rule_(?P<rule>train_.+)_wildcards_(?P<rest>.+)")
SEED = re.compile(r"(.+)_(\d+)")
PATIENCE_S = 20.0


def queued(folder: Path = Path()) -> dict[str, set[tuple[str, str]]]:
    """By rule, the `job` of each that waits; nothing where no Slurm answers."""
    command = ["squeue", "--me", "--noheader", f"--format={FORMAT}"]
    if shutil.which(command[0]) is None:
        return {}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=PATIENCE_S
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    return waiting(done.stdout, folder.absolute())


def waiting(text: str, folder: Path) -> dict[str, set[tuple[str, str]]]:
    """What the lines of `squeue` tell of jobs from `folder`."""
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for line in text.splitlines():
        state, place, comment = line.strip().split("|", 2)
        if state not in STATES or Path(place) != folder:
            continue
        if told := COMMENT.fullmatch(comment):
            found[told["rule"]].add(_parts(told["rest"]))
    return dict(found)


def job(task: str, seed: int | None) -> tuple[str, str]:
    """Task and seed as `waiting` has them of a run's job, or of a cohort's, which names no seed."""
    return _parts(task if seed is None else f"{task}_{seed}")


def _parts(wildcards: str) -> tuple[str, str]:
    told = SEED.fullmatch(wildcards)
    return (told[1], told[2]) if told else (wildcards, "")
