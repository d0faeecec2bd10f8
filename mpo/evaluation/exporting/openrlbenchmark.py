"""openrlbenchmark's offline data set: a folder a run, and a database that finds them.

What `python -m openrlbenchmark.rlops --offline --scan-history` reads instead of Weights & Biases,
once the folder `mpo` is in the package's `dataset/`: with filters
`'?we=mpo&wpn=STUDY&ceik=env_id&cen=exp_name&metric=charts/episodic_return' VARIANT ...` and task
aliases as `--env-ids`. Returns are those of evaluations, of which it takes the last 100 together
and smooths over 100 unless told otherwise; `--metric-last-n-average-window 5 --pc.rolling 1` makes
its tables say what our scores rest on. Read so by openrlbenchmark 0.3.1.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Hashable
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd

from mpo.evaluation.reading.load import Study
from mpo.evaluation.reading.manifest import RUN_KEYS
from mpo.evaluation.reading.scores import curves
from mpo.rundir import json_bytes, write_atomically

ENTITY = "mpo"
DATABASE, RUN, HISTORY = "offline.sqlite", "run.json", "run_df.csv"
COLUMNS = ("id", "name", "state", "url", "path", "username", "project", "entity", "config")
TABLES = f"""
CREATE TABLE offlinerun ({", ".join(f"{name} VARCHAR(255) NOT NULL" for name in COLUMNS)});
CREATE TABLE tag (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL);
CREATE TABLE tag_offlinerun_through (id INTEGER NOT NULL PRIMARY KEY,
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    offlinerun_id INTEGER NOT NULL REFERENCES offlinerun (id));
"""


def write(study: Study, folder: Path) -> None:
    """Write the data set into `folder`, in place of an older one of this study."""
    place = folder / ENTITY / study.manifest.study
    runs = {tuple(run[key] for key in RUN_KEYS): run for run in study.runs.to_dict("records")}
    described = []
    for _, curve in curves(study).groupby(RUN_KEYS, sort=False):
        key = tuple(curve.iloc[0][RUN_KEYS])
        run = runs[key]
        history = {
            "global_step": curve["step"],
            "_runtime": _seconds_of_step(run) * curve["step"],
            "charts/episodic_return": curve["return_mean"],
        }
        entry = _entry(study.manifest.study, *key)
        home = folder.joinpath(*entry["path"])
        write_atomically(home / HISTORY, curve.assign(**history)[list(history)].to_csv().encode())
        write_atomically(
            home / RUN, json_bytes({**entry, "tags": [], "user": {"username": ENTITY}})
        )
        described.append(entry)
    file = place / DATABASE
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as database, database:
        database.executescript(TABLES)
        for entry in described:
            texts = [v if isinstance(v := entry[n], str) else json.dumps(v) for n in COLUMNS]
            database.execute(f"INSERT INTO offlinerun VALUES ({','.join('?' * len(texts))})", texts)


def _seconds_of_step(run: dict[Hashable, Any]) -> float:
    """Seconds of a control step; 0 where a run took none, or other code did not tell.

    What a run does not tell is missing, or NaN where another run of its study does.
    """
    wall_s, steps = (run.get(name) for name in ("wall_s", "steps"))
    if pd.isna(wall_s) or pd.isna(steps):
        return 0.0
    return float(wall_s) / max(steps, 1)


def _entry(study: str, task: str, variant: str, seed: int) -> dict[str, Any]:
    """A run as Weights & Biases would describe it. Filters ask for keys that end in `.value`."""
    name = f"{task}__{variant}__{seed}"
    config = {"env_id": task, "exp_name": variant, "seed": int(seed)}
    return {
        "id": name,
        "name": name,
        "state": "finished",
        "url": "",
        "path": [ENTITY, study, name],
        "username": ENTITY,
        "project": study,
        "entity": ENTITY,
        "config": config | {f"{key}.value": value for key, value in config.items()},
    }
