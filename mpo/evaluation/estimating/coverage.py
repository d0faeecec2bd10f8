"""How often nominal 95 % intervals hold the truth, with so few runs.

The lesser of two simulations, of normal scores and of runs of which one in four fails, as
docs/statistics.md tabulates them. Means have intervals by Student's t, all else by the bootstrap;
probabilities exact ones where that has no width.
"""

from __future__ import annotations

POOR = 0.90
"""Intervals that cover less are marked."""
FEW = 5
"""With fewer runs an interval is no more than their range, and figures show the runs instead."""
COVERAGE: dict[str, dict[int, dict[int, float]]] = {
    "iqm": {1: {3: 0.74, 5: 0.88, 10: 0.93, 20: 0.93}, 4: {3: 0.84, 5: 0.91, 10: 0.93, 20: 0.94}},
    "median": {
        1: {3: 0.54, 5: 0.73, 10: 0.90, 20: 0.92},
        4: {3: 0.77, 5: 0.86, 10: 0.94, 20: 0.96},
    },
    "probability": {
        1: {3: 0.98, 5: 0.95, 10: 0.93, 20: 0.94},
        4: {3: 0.89, 5: 0.92, 10: 0.94, 20: 0.94},
    },
    "mean": {1: {3: 0.70, 5: 0.78, 10: 0.94, 20: 0.94}, 4: {3: 0.96, 5: 0.95, 10: 0.95, 20: 0.95}},
}
"""Estimate, number of tasks and runs of each to the share of intervals that hold the truth."""


def of(metric: str, n: int, tasks: int) -> float | None:
    """The coverage of a metric's interval at the next smaller n, the lesser of the numbers of tasks
    on either side of `tasks`.

    None where it is not known: of a number that has no interval, or of one or two runs.
    """
    kind = _kind(metric)
    if kind not in COVERAGE or n < 3:
        return None
    sizes = [size for size in COVERAGE[kind] if size <= tasks][-1:]
    sizes += [size for size in COVERAGE[kind] if size >= tasks][:1]
    rows = [COVERAGE[kind][size] for size in sizes]
    return min(row[max(size for size in row if size <= n)] for row in rows)


def poor(metric: str, n: int, tasks: int) -> bool:
    """Whether such an interval is marked."""
    found = of(metric, n, tasks)
    return n == 2 or (found is not None and found < POOR)


def _kind(metric: str) -> str:
    if metric.startswith("probability"):
        return "probability"
    last = metric.rpartition("_")[2]
    return "mean" if last in ("gap", "threshold") else last
