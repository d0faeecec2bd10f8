"""The ladder of tricks: what each adds to the base alone, and what is lost without it."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mpo.evaluation.estimating.contrasts import contrast, stratum
from mpo.evaluation.estimating.estimates import shared_tasks
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL
from mpo.evaluation.showing.captions import T, said_interval, said_n, said_score
from mpo.evaluation.showing.live.specs import Rungs
from mpo.evaluation.showing.palette import COLOURS, SOLID, Style
from mpo.evaluation.showing.panels.layout import ROW_TASKS, grid, title
from mpo.evaluation.showing.panels.marks import bar
from mpo.evaluation.showing.references import no_gain
from mpo.evaluation.showing.wording import named

ABSENT = "the study has no variant of which it leaves out tricks, beside its base"
TOGETHER, ADDED, LEFT_OUT = "all together", "added alone", "left out"
MARKS = {
    TOGETHER: Style("#000000", "D", SOLID),
    ADDED: Style(COLOURS[0], "o", SOLID),
    LEFT_OUT: Style(COLOURS[1], "s", SOLID),
}
BELOW = {TOGETHER: 0.0, ADDED: -0.17, LEFT_OUT: 0.17}
"""How far below its trick's line a mark stands."""
LIVE = Rungs("score gained", MARKS, BELOW, no_gain)


def drawn(frames: Frames) -> pd.DataFrame:
    """Of, base, trick, how, variant, task, n, value, low, high.

    `value` is what is gained by the trick, a mean score of the runs that have it less one of those
    that do not, seed by seed where both have the same seeds.
    """
    manifest, rows = frames.manifest, []
    shared = shared_tasks(manifest, frames.scores)
    for of, rungs in manifest.ladders.items() if shared else ():
        base = str(manifest.base_of(of))
        pairs = [(TOGETHER, TOGETHER, of, of, base)]
        for (trick, added), name in rungs.items():
            ends = (name, base) if added else (of, name)
            pairs.append((trick, ADDED if added else LEFT_OUT, name, *ends))
        for trick, how, name, above, below in pairs:
            for task, over in ((ALL, shared), *((each, [each]) for each in shared)):
                told = {"of": of, "base": base, "trick": trick, "how": how, "variant": name}
                rows.append(told | {"task": task} | _gained(frames.scores, above, below, over))
    return pd.DataFrame(rows)


def figure(frames: Frames) -> Figure:
    """A panel for all tasks and one a task, in each of them a line a trick."""
    rows = drawn(frames)
    tasks = list(dict.fromkeys(rows["task"]))
    columns = min(len(tasks), ROW_TASKS)
    lines = -(-len(tasks) // columns)
    ladders = [mine for _, mine in rows.groupby("of", sort=False)]
    longest = max(mine["trick"].nunique() for mine in ladders)
    height, names = 0.75 + 0.3 * longest, list(rows["trick"].unique())
    drawing, axes = grid(lines * len(ladders), columns, height=height, names=names, sharex=True)
    for panel in axes.ravel():
        panel.set_visible(False)
    for place, mine in enumerate(ladders):
        tricks = list(dict.fromkeys(mine["trick"]))
        for index, task in enumerate(tasks):
            panel = axes[place * lines + index // columns][index % columns]
            panel.set_visible(True)
            _rungs(panel, mine[mine["task"] == task], tricks)
            panel.set_yticks(range(len(tricks)), tricks if index % columns == 0 else [])
            title(panel, named(task))
            panel.set_xlabel("score gained")
    handles, labels = axes[0][0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside lower center", ncols=len(MARKS))
    return drawing


def caption(frames: Frames) -> str:
    """What the marks and bars are."""
    ladders = frames.manifest.ladders
    what = "; ".join(f"`{frames.manifest.base_of(of)}` to `{of}`" for of in ladders)
    return (
        f"The ladder of tricks, {what}: the difference of mean scores ({said_score(frames)}) that "
        "a trick makes where it is added to the base alone, with those that it needs (circles), "
        "and where it is the one that is left out, with those that need it (squares); above them "
        f"all tricks together. {said_n(frames)}; {said_interval(frames, T)} of differences seed by "
        "seed, each on its own: the claims correct for their number."
    )


def _gained(scores: pd.DataFrame, above: str, below: str, tasks: list[str]) -> dict[str, float]:
    """N, value, low and high: the mean score of one variant less another's, over tasks."""
    strata = []
    for task in tasks:
        mine = scores[scores["task"] == task].set_index("seed")
        sides = (mine.loc[mine["variant"] == name, "score"] for name in (above, below))
        strata.append(stratum(*sides, paired=True))
    found = contrast(strata)
    low, high = found.interval()
    n = min(len(sample) for each in strata for sample in each)
    return {"n": n, "value": float(found.value), "low": float(low), "high": float(high)}


def _rungs(panel: Axes, rows: pd.DataFrame, tricks: list[str]) -> None:
    """A mark and its interval for each of the rows, at the height of its trick."""
    panel.axvline(0, color="#555555", linewidth=0.8, zorder=0)
    for how, style in MARKS.items():
        mine = rows[rows["how"] == how]
        heights = [tricks.index(trick) + BELOW[how] for trick in mine["trick"]]
        for height, low, high in zip(heights, mine["low"], mine["high"], strict=True):
            bar(panel, height, low, high, style.colour, width=4)
        panel.plot(
            mine["value"], heights, style.marker, color=style.colour, markersize=5, label=how
        )
    panel.set_ylim(len(tricks) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="y", visible=False)
