"""Which runs stand in Slurm's queue: submitted from this folder and not started yet.

Snakemake's plugin for Slurm puts rule and wildcards into a job's comment, as
`rule_train_paper_wildcards_cartpole-balance_0`; the study is not in it.
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
COMMENT = re.compile(r"rule_train_(?P<variant>.+)_wildcards_(?P<task>.+)_(?P<seed>\d+)")
PATIENCE_S = 20.0


def queued(folder: Path = Path()) -> dict[str, set[tuple[str, str]]]:
    """By variant, task and seed of each job that waits; nothing where no Slurm answers."""
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
        told = COMMENT.fullmatch(comment)
        if told and state in STATES and Path(place) == folder:
            found[told["variant"]].add((told["task"], told["seed"]))
    return dict(found)
