"""What a panel shows."""

from __future__ import annotations

THICK = 1.0
"""Line width that tells the lines of variants from those of runs."""


def thick_lines(panel) -> list:
    return [line for line in panel.lines if line.get_linewidth() > THICK and len(line.get_xdata())]
