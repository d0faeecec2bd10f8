"""Where the raw dual and its gradient are finite in float32, beside the stable form."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mpo.evaluation.showing.panels.layout import grid
from mpo.theory.figures import Computed
from mpo.theory.overflow import FINITE, FORMS, GRADIENT, VALUE, limits, overflow_map

CODES = {FINITE: 0, GRADIENT: 1, VALUE: 2}
COLOURS = {FINITE: "#d6e6f2", GRADIENT: "#E69F00", VALUE: "#882255"}
SAID = {
    FINITE: "value and gradient finite",
    GRADIENT: "gradient not finite",
    VALUE: "value not finite",
}
REACHED = 100.0
"""Largest return of a task with rewards up to 1 at a discount of 0.99."""


def compute() -> Computed:
    """Form, sign, level, temperature and outcome of each point of the grid."""
    return Computed(overflow_map(), {})


def figure(drawn: pd.DataFrame) -> Figure:
    """One panel a form and sign of Q: temperature across, |Q_max| up."""
    cases = [(form, sign) for form in FORMS for sign in (1, -1)]
    drawing, axes = grid(1, len(cases), height=2.5, sharey=True)
    colours = ListedColormap([COLOURS[outcome] for outcome in CODES])
    for panel, (form, sign) in zip(axes[0], cases, strict=True):
        part = drawn[(drawn["form"] == form) & (drawn["sign"] == sign)]
        codes = part.assign(code=part["outcome"].map(CODES)).pivot(
            index="level", columns="temperature", values="code"
        )
        panel.pcolormesh(
            codes.columns.to_numpy(),
            codes.index.to_numpy(),
            codes.to_numpy(),
            cmap=colours,
            vmin=-0.5,
            vmax=2.5,
            shading="nearest",
            rasterized=True,
        )
        panel.axhline(REACHED, color="#000000", linewidth=0.8, linestyle=(0, (4, 2)))
        panel.set(xscale="log", yscale="log", xlabel="temperature η (units of Q)")
        panel.set_title(f"{form} dual, Q {'> 0' if sign > 0 else '< 0'}")
        panel.set_xticks(np.logspace(-3, 3, 4))
        panel.minorticks_off()
        panel.grid(visible=False)
    axes[0][0].set_ylabel("|Q| of a state's best action")
    handles = [Patch(facecolor=COLOURS[outcome], label=SAID[outcome]) for outcome in CODES]
    drawing.legend(handles=handles, loc="outside lower center", ncols=3)
    return drawing


def caption(drawn: pd.DataFrame) -> str:
    """What the regions are, and where they begin."""
    found = limits(drawn).set_index(["form", "sign"])
    raw = found.loc["raw"]
    stable = int(found.loc["stable"]["not_finite"].sum())
    return (
        "The E-step's dual and its gradient in float32, by the functions that training uses, over "
        "the Q of a state's best action and the temperature. The raw form stops being finite "
        f"from Q/η = {raw.loc[1, 'least_ratio']:.0f} upward and, with Q below zero, from "
        f"-{raw.loc[-1, 'least_ratio']:.0f} downward (the grid has 56 ratios a decade); the "
        f"stable form is not finite at {stable} of {int(found.loc['stable']['points'].sum()):,} "
        f"points. Dashed: Q = {REACHED:g}, the most that rewards up to 1 at a discount of 0.99 "
        "can add up to."
    )
