"""Policy iteration on random processes by backup, and the backups' own sweeps, which may cycle."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mpo.evaluation.showing.palette import STYLES
from mpo.evaluation.showing.panels.layout import grid
from mpo.evaluation.showing.panels.legends import legend
from mpo.theory import convergence, cycling
from mpo.theory.figures import Computed
from mpo.theory.figures.backups_order import SHOWN_AS

TITLES = {
    "1": "1 sweep an iteration",
    "10": "10 sweeps an iteration",
    "settled": "sweeps until Q settles",
}
LEAST, LEAST_CHANGE = 1e-5, 1e-7
"""The lower ends of what is drawn of suboptimality, and of the change of Q."""


def compute() -> Computed:
    """Panel, backup, iteration, median and band of suboptimality, or of the change of Q.

    The tables: iterations until 1 % is left, and the counts of processes that cycle.
    """
    runs = convergence.runs()
    curves = convergence.curves(runs).rename(columns={"sweeps": "panel"})
    cycles = cycling.found()
    at_shown = cycles["improved"][cycling.TEMPERATURES.index(cycling.SHOWN)]
    chosen = cycling.processes()[np.flatnonzero(at_shown)]
    residuals = cycling.residuals(chosen).assign(panel="cycling")
    # what lies lower is not drawn, and its digits are the processor's
    parts = [_above(curves, LEAST), _above(residuals, LEAST_CHANGE)]
    drawn = pd.concat(parts, ignore_index=True)
    return Computed(
        drawn, {"iterations": convergence.summary(runs), "cycling": cycling.counts(cycles)}
    )


def figure(drawn: pd.DataFrame) -> Figure:
    """Three panels of policy iteration, one of sweeps at a fixed temperature."""
    drawing, axes = grid(1, 4, height=2.5)
    for place, (panel, (name, title)) in enumerate(zip(axes[0], TITLES.items(), strict=False)):
        _lines(panel, drawn[drawn["panel"] == name], 3)
        panel.set(
            yscale="log", ylim=(LEAST, 1.5), xlim=(-0.4, None), xlabel="iteration of the policy"
        )
        panel.set_title(title)
        if place == 0:
            panel.set_ylabel("suboptimality (1 = uniform)")
        else:
            panel.tick_params(labelleft=False)
    last = axes[0][3]
    _lines(last, drawn[drawn["panel"] == "cycling"], 24)
    last.set(xscale="log", yscale="log", ylim=(LEAST_CHANGE, 10.0), xlabel="sweep")
    last.set_ylabel("largest change of Q")
    last.set_title("fixed temperature")
    legend(drawing, list(SHOWN_AS.values()))
    for text, backup in zip(drawing.legends[0].get_texts(), SHOWN_AS, strict=True):
        text.set_text(f"backup {backup}")
    return drawing


def _above(rows: pd.DataFrame, least: float) -> pd.DataFrame:
    """`rows` with a tenth of `least`, which is outside the panel, for all that is less."""
    clipped = {name: rows[name].clip(lower=least / 10) for name in ("value", "low", "high")}
    return rows.assign(**clipped)


def _lines(panel: Axes, rows: pd.DataFrame, every: int) -> None:
    for place, (backup, variant) in enumerate(SHOWN_AS.items()):
        mine = rows[rows["backup"] == backup]
        if mine.empty:
            continue
        style = STYLES[variant]
        panel.fill_between(
            mine["iteration"], mine["low"], mine["high"], color=style.colour, alpha=0.14, lw=0
        )
        line = style.of_line(markevery=(place, every))
        panel.plot(mine["iteration"], mine["value"], **line)


def caption(drawn: pd.DataFrame) -> str:
    """What the lines and bands are."""
    return (
        f"MPO on {convergence.COUNT} random finite processes ({convergence.STATES} states, "
        f"{convergence.ACTIONS} actions, discount {convergence.DISCOUNT:g}), exact E-step "
        "(ε = 0.1) and exact M-step (bound 0.1), by the backup that evaluates Q. Suboptimality "
        "is the mean over states of V* - V^π relative to the uniform policy's; lines are medians "
        "over processes, bands their 10 and 90 % quantiles. Right: sweeps of a backup at a fixed "
        f"temperature of {cycling.SHOWN:g} on those of {cycling.COUNT} two-state processes at "
        f"discount {cycling.DISCOUNT:g} on which `improved` cycles for ever; bands run from the "
        "least to the greatest change."
    )
