"""The clock of a run: wall and CPU seconds by part, summed over attempts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

PARTS = ("environment", "act", "update", "evaluation", "checkpoint")


class Clock:
    """Seconds spent in each part; nothing of it enters a result."""

    def __init__(self, wall_s: float = 0.0, cpu_s: float = 0.0) -> None:
        """Go on from the seconds of earlier attempts."""
        self.seconds: dict[str, float] = dict.fromkeys(PARTS, 0.0)
        self._within = 0.0
        """Seconds of parts within the one under way, which are not its own."""
        self._wall_before, self._cpu_before = wall_s, cpu_s
        self._wall_start, self._cpu_start = time.perf_counter(), time.process_time()

    @property
    def wall_s(self) -> float:
        """Wall seconds of all attempts."""
        return self._wall_before + time.perf_counter() - self._wall_start

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all attempts, of this process and its threads."""
        return self._cpu_before + time.process_time() - self._cpu_start

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Add the time of the block to `name`, less that of parts within it."""
        start, before = time.perf_counter(), self._within
        self._within = 0.0
        try:
            yield
        finally:
            took = time.perf_counter() - start
            self.seconds[name] += took - self._within
            self._within = before + took

    def row(self, step: int, updates: int, previous: dict[str, float] | None) -> dict[str, float]:
        """A row of timing.csv; the rates are since `previous`, the seconds since the start."""
        before = previous or {"step": 0, "updates": 0, "wall_s": 0.0}
        elapsed = max(self.wall_s - before["wall_s"], 1e-9)
        return {
            "step": step,
            "updates": updates,
            "wall_s": round(self.wall_s, 3),
            "updates_per_s": round((updates - before["updates"]) / elapsed, 3),
            "steps_per_s": round((step - before["step"]) / elapsed, 3),
            **{f"{name}_s": round(self.seconds[name], 3) for name in PARTS},
        }
