"""Sweeps: the IQM of the score against the value of a setting, overall and by task."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from mpo.evaluation.estimating.estimates import shared_tasks
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL, TUNING_SEED, Manifest
from mpo.evaluation.showing.captions import said_coverage, said_interval, said_n
from mpo.evaluation.showing.live.specs import Sweeps
from mpo.evaluation.showing.palette import Style, styles
from mpo.evaluation.showing.panels.layout import ROW_TASKS, grid, label_rows, title
from mpo.evaluation.showing.panels.marks import bar
from mpo.evaluation.showing.values import logarithmic, numbers, placed, ticks
from mpo.evaluation.showing.wording import named
from mpo.settings import OptionError, SettingsError, settings

ABSENT = "no variant of this study is one value of a sweep"
LIVE = Sweeps("score (IQM)")
SCORE = "score_iqm"


def drawn(frames: Frames) -> pd.DataFrame:
    """Base, field, setting (a text), variant, task, value, low and high; the base is one too."""
    if not frames.manifest.sweeps:
        return pd.DataFrame()
    rows = pd.concat([frames.aggregate, frames.by_task])
    rows = rows[rows["metric"] == SCORE]
    parts = []
    for (base, field), values in frames.manifest.sweeps.items():
        whole = _with_base(frames.manifest, base, field) | values
        mine = rows[rows["variant"].isin(whole)]
        setting = mine["variant"].map({name: _written(value) for name, value in whole.items()})
        parts.append(mine.assign(base=base, field=field, setting=setting))
    columns = ["base", "field", "setting", "variant", "task", "value", "low", "high"]
    return pd.concat(parts)[columns].reset_index(drop=True)


def figure(frames: Frames) -> Figure:
    """A line of panels a sweep: all tasks, then each; the base's own value is ringed."""
    rows, sweeps = drawn(frames), frames.manifest.sweeps
    found = styles(list(dict.fromkeys([*frames.manifest.variants, *(base for base, _ in sweeps)])))
    tasks = [ALL, *frames.manifest.tasks]
    columns = min(len(tasks), ROW_TASKS)
    lines = -(-len(tasks) // columns)
    drawing, axes = grid(lines * len(sweeps), columns, sharey=True)
    for panel in axes.ravel():
        panel.set_visible(False)
    for place, (base, field) in enumerate(sweeps):
        mine = rows[(rows["base"] == base) & (rows["field"] == field)]
        for index, task in enumerate(tasks):
            panel = axes[place * lines + index // columns][index % columns]
            panel.set_visible(True)
            title(panel, base, named(task))
            _curve(panel, mine[mine["task"] == task], base, found[base])
            panel.set_xlabel(field)
    label_rows([panel for panel in axes.ravel() if panel.get_visible()], "score (IQM)")
    return drawing


def caption(frames: Frames) -> str:
    """What the lines and bars are."""
    tasks = len(shared_tasks(frames.manifest, frames.scores))
    return (
        "Sweeps: interquartile mean of the normalised score against the value of one setting, all "
        "others as in the base, whose own value is ringed where the study trains it. Bars are "
        f"intervals, each on its own. {said_n(frames)}; {said_interval(frames)}."
        f"{said_coverage(frames, ['iqm'], {1, tasks}, 'Such intervals')}"
        f"{said_tuning(frames.manifest)}"
    )


def said_tuning(manifest: Manifest) -> str:
    """That seeds which are reported must not choose; empty where none does."""
    if not manifest.sweeps or not manifest.reported_seeds:
        return ""
    seeds = ", ".join(str(seed) for seed in manifest.reported_seeds)
    return (
        f" Seeds {seeds} are reported ones: the best value of these overstates how good it is. "
        f"Choose on tuning seeds, {TUNING_SEED} and up, and report the choice on seeds that chose "
        "nothing."
    )


def _with_base(manifest: Manifest, base: str, field: str) -> dict[str, Any]:
    """The base and its own value, where the study trains it and its settings are known today."""
    if base not in manifest.variants:
        return {}
    mine = manifest.variants[base]
    try:
        whole = mine.settings
        whole = whole if mine.external else settings(whole).model_dump(mode="json")
    except (SettingsError, OptionError):
        return {}
    return {base: whole[field]} if field in whole else {}


def _written(value: Any) -> str:
    """A setting as it stands in the name of its variant."""
    return value if isinstance(value, str) else json.dumps(value)


def _curve(panel: Axes, rows: pd.DataFrame, base: str, style: Style) -> None:
    """The scores in the order of the values, on an axis of numbers where all are."""
    words = numbers(rows["setting"]) is None
    rows, places = placed(rows)
    across, middle = places.to_numpy(), rows["value"].to_numpy(dtype=float)
    panel.plot(across, middle, **style.of_line())
    for place, low, high in zip(across, rows["low"], rows["high"], strict=True):
        bar(panel, place, low, high, style.colour, upright=True)
    own = (rows["variant"] == base).to_numpy()
    ring = {"markersize": 10, "markerfacecolor": "none", "markeredgecolor": "#000000"}
    panel.plot(across[own], middle[own], "o", **ring)
    if words:
        panel.set_xticks(across, list(rows["setting"]))
        panel.set_xlim(-0.5, across.max() + 0.5)
    elif logarithmic(places):
        panel.set_xscale("log")
        shown = ticks(across)
        panel.set_xticks(list(shown), list(shown.values()))
        panel.xaxis.set_minor_locator(NullLocator())
