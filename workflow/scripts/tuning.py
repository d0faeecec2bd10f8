"""Adds runs on tuning seeds to docs/tuning/runs.csv, and shows them in docs/tuning.md.

    python workflow/scripts/tuning.py RUN_DIR... [--was FIELD=VALUE]...

A run's row holds every setting in which runs of its task differ, so that rows can be compared.
A run that the table has already is replaced. Without run folders the page is filled from the
table as it is.
"""

import argparse
import io
import json
from pathlib import Path

import pandas as pd

from mpo.evaluation.reading.frames import write_csv, write_text
from mpo.evaluation.showing.tables import markdown
from mpo.evaluation.showing.tables.cells import integer, number
from mpo.evaluation.telling.readme import filled
from mpo.settings import Settings
from mpo.study.yaml_files import PROJECT

TABLE, PAGE = PROJECT / "docs/tuning/runs.csv", PROJECT / "docs/tuning.md"
BEGIN, END = "<!-- begin runs -->", "<!-- end runs -->"
KEYS = ["task", "variant", "study_seed", "seed"]
RETURNS = {0.25: "at 1/4", 0.5: "at 1/2", 0.75: "at 3/4", 1.0: "at the end"}
"""Mean return of the last evaluation up to that share of the budget."""
UNTOLD = {
    *("environment", "kwargs", "wrappers", "foreign"),
    *("evaluation_episodes", "evaluation_final_episodes", "evaluation_points"),
}
DEFAULTS = {name: field.default for name, field in Settings.model_fields.items()}


def row(folder: Path, was: dict[str, object]) -> dict[str, object]:
    """What a run was trained with, and what it came to."""
    run = json.loads((folder / "run.json").read_text())
    settings = {f"settings.{k}": v for k, v in {**DEFAULTS, **was, **run["settings"]}.items()}
    evaluations = pd.read_csv(folder / "evaluations.csv")
    means = evaluations.groupby("step")["return"].mean()
    found = {name: means[means.index <= share * run["steps"]] for share, name in RETURNS.items()}
    returns = {name: float(mean.iloc[-1]) for name, mean in found.items()}
    return {
        **{key: run[key] for key in KEYS},
        **{name: value for name, value in settings.items() if name[9:] not in UNTOLD},
        "updates": run["updates"],
        **returns,
        "best": float(means.max()),
        "core_minutes": run["cpu_s"] / 60,
        "commit": run["git"]["commit"],
    }


def shown(rows: pd.DataFrame) -> str:
    """A table of each task and variant, with the settings in which its runs differ."""
    parts = []
    for (task, variant), mine in rows.groupby(["task", "variant"], sort=False):
        columns = [name for name in map(str, mine.columns) if name.startswith("settings.")]
        telling = [name for name in columns if mine[name].astype(str).nunique() > 1]
        seeds = ["study_seed", "seed"] if mine["study_seed"].nunique() > 1 else ["seed"]
        cells = mine[[*seeds, *telling]].rename(
            columns=lambda name: name[9:] if "." in name else name
        )
        counted = {name: mine[name].map(integer) for name in ["updates", *RETURNS.values(), "best"]}
        cells = cells.assign(**counted, **{"core-minutes": mine["core_minutes"].map(number)})
        parts.append(f"### `{variant}` on {task}\n\n{markdown(cells)}")
    return "\n".join(parts)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("runs", nargs="*", type=Path, help="folders of runs")
parser.add_argument("--was", nargs="*", default=[], help="a default that was another then, T=32")
chosen = parser.parse_args()

if chosen.runs:
    pairs = (text.split("=", 1) for text in chosen.was)
    before = {name: json.loads(value) for name, value in pairs}
    made = pd.DataFrame([row(folder, before) for folder in chosen.runs])
    rows = pd.concat([pd.read_csv(TABLE), pd.read_csv(io.StringIO(made.to_csv(index=False)))])
    settings = [name for name in rows.columns if name.startswith("settings.")]
    for name in settings:  # of one that there was not yet, what is done without it
        if (default := DEFAULTS[name[9:]]) is not None:
            rows[name] = rows[name].where(rows[name].notna(), str(default))
    same = rows[[*KEYS, *settings]].astype(str).duplicated(keep="last")
    write_csv(rows[~same].sort_values([*KEYS, "at the end"], ignore_index=True), TABLE)
page = PAGE.read_text(encoding="utf-8")
write_text(filled(page, shown(pd.read_csv(TABLE)), PAGE, (BEGIN, END)), PAGE)
