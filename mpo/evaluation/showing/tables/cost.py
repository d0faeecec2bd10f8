"""What a variant costs: milliseconds an update and seconds by part, beside its base."""

from __future__ import annotations

import math

import pandas as pd

from mpo.evaluation.estimating.costs import core_hours, relative
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.inventory import PARTS
from mpo.evaluation.showing.tables.cells import NOTHING, integer, number
from mpo.evaluation.showing.wording import count


def table(frames: Frames) -> pd.DataFrame:
    """One row a task and variant: medians over runs, but `core_hours` their sum.

    Columns: task, variant, n, updates, updates_per_s (of update time alone), ms_per_update,
    ms_relative (`relative` to the base, empty without one), wall_s, cpu_s, core_hours, seconds by
    part.
    """
    rows = frames.runs.assign(updates_per_s=1000 / frames.runs["ms_per_update"])
    columns = ["updates", "updates_per_s", "ms_per_update", "wall_s", "cpu_s", *PARTS]
    groups = rows.groupby(["task", "variant"], sort=False)
    found = groups[columns].median()
    found.insert(0, "n", groups.size())
    found.insert(6, "core_hours", groups["cpu_s"].sum(min_count=1) / 3600)
    found = found.reset_index()
    base_of = frames.manifest.base_of
    times = {name: relative(frames.runs, name, base_of(name)) for name in frames.manifest.variants}
    pairs = zip(found["task"], found["variant"], strict=True)
    found.insert(6, "ms_relative", [times[variant][task] for task, variant in pairs])
    return found


def shown(frames: Frames) -> pd.DataFrame:
    """One row a task and variant."""
    lines = []
    for row in table(frames).to_dict("records"):
        base = frames.manifest.base_of(row["variant"])
        lines.append(
            {
                "task": row["task"],
                "variant": row["variant"],
                "n": str(row["n"]),
                "updates": integer(row["updates"]),
                "updates/s": number(row["updates_per_s"]),
                "ms an update": number(row["ms_per_update"]),
                "times the base": NOTHING if base is None else number(row["ms_relative"]),
                "wall min": number(row["wall_s"] / 60),
                "CPU min": number(row["cpu_s"] / 60),
                "update": _share(row, "update_s"),
                "environment": _share(row, "environment_s"),
                "acting": _share(row, "act_s"),
                "evaluation": _share(row, "evaluation_s"),
                "core-hours, all runs": number(row["core_hours"]),
            }
        )
    return pd.DataFrame(lines)


def caption(frames: Frames) -> str:
    """What the cells are."""
    return (
        "Cost: medians over runs, and the share of a run's wall time by part; the time of an "
        "update is that of learning alone, the first decile over logged intervals, since other "
        "load only adds to it; times the base is among runs on the same kind of processor. "
        f"{_said_hours(frames.runs)} These are measurements of the machine under the load that it "
        "had."
    )


def _said_hours(runs: pd.DataFrame) -> str:
    """What the runs took together, of those that say it."""
    timed, hours = int(runs["cpu_s"].notna().sum()), number(core_hours(runs))
    if not timed:
        return "No run says what time it took."
    if timed < len(runs):
        say = "says that it" if timed == 1 else "say that they"
        return f"{timed} of {count(len(runs), 'run')} {say} took {hours} core-hours."
    return f"{'All ' if timed > 1 else ''}{count(timed, 'run')} took {hours} core-hours."


def _share(row: dict, part: str) -> str:
    if not row["wall_s"] > 0:  # too short for the clock, or of code that keeps no time
        return NOTHING
    share = 100 * row[part] / row["wall_s"]
    return NOTHING if math.isnan(share) else f"{share:.0f} %"
