"""Which figures the study of the tests has, and what a panel shows."""

from __future__ import annotations

from mpo.evaluation.showing import figures, tables

DRAWN = [name for name in figures.names() if name not in ("iterations", "ladder")]
"""Of `frames`, where no variant leaves out a trick or learns by iterations."""
MADE = [name for name in tables.names() if name != "printed"]
"""Tables that it has."""

THICK = 1.0
"""Line width that tells the lines of variants from those of runs."""


def thick_lines(panel) -> list:
    return [line for line in panel.lines if line.get_linewidth() > THICK and len(line.get_xdata())]
