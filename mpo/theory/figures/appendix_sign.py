"""The sign in P1's appendix D.2: each exponent of the normaliser against the true log Z."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mpo.evaluation.showing.panels.layout import grid
from mpo.theory.errata.normaliser import exponents
from mpo.theory.figures import Computed

PANELS = {
    "flipped": ("γ's sign flipped, as in P1's derivative", "+(η - γ)/η"),
    "lagrangian": ("γ's sign as in P1's Lagrangian", "+(η + γ)/η"),
}
PRINTED, CORRECT = "#D55E00", "#0072B2"


def compute() -> Computed:
    """One row a random problem: multipliers of the convex solver, log Z and the exponents."""
    return Computed(exponents(), {})


def figure(drawn: pd.DataFrame) -> Figure:
    """Exponents against log Z, one panel a sign of γ; what is right lies on the diagonal."""
    drawing, axes = grid(1, 2, height=2.9, sharey=True)
    drawing.set_size_inches(7.2, 3.7)
    log_z = drawn["log_z"]
    ends = [log_z.min() - 0.5, log_z.max() + 0.5]
    for panel, (name, (title, correct)) in zip(axes[0], PANELS.items(), strict=True):
        panel.axline((0.0, 0.0), slope=1.0, color="#777777", linewidth=0.8, label="log Z")
        panel.plot(
            log_z,
            drawn[f"{name}_correct"],
            color=CORRECT,
            marker="o",
            linestyle="",
            label=f"correct: {correct}",
        )
        panel.plot(
            log_z,
            drawn[f"{name}_printed"],
            color=PRINTED,
            marker="x",
            linestyle="",
            label="printed: -(η - γ)/η",
        )
        panel.set_title(title)
        panel.set_xlim(*ends)
        panel.set_xlabel("log Z, summed (nats)")
        handles, labels = panel.get_legend_handles_labels()
        panel.legend(handles, labels, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=1)
    axes[0][0].set_ylabel("exponent from the solver's\nmultipliers (nats)")
    return drawing


def caption(drawn: pd.DataFrame) -> str:
    """What the points are."""
    return (
        f"The normaliser's exponent of P1's appendix D.2 on {len(drawn)} random problems of one "
        "state and six actions. A general convex solver (Clarabel) gives the multipliers η and "
        "γ; log Z = log Σ π exp(Q/η) is summed. Whichever sign γ has, the exponent that P1 "
        "prints misses log Z, and the one with the corrected sign is log Z."
    )
