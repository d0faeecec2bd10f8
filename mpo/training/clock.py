"""The clock of a run: wall and CPU seconds by part, summed over attempts."""

import time

PARTS = ("environment", "act", "update", "evaluation", "checkpoint")


class Clock:
    """Seconds spent in each part; nothing of it enters a result."""

    def __init__(self, wall_s: float = 0.0, cpu_s: float = 0.0) -> None:
        """Go on from the seconds of earlier attempts."""
        self.seconds: dict[str, float] = dict.fromkeys(PARTS, 0.0)
        self.within = 0.0
        """Seconds of parts within the one under way, which are not its own."""
        self._parts = {name: Part(self, name) for name in PARTS}
        self._wall_before, self._cpu_before = wall_s, cpu_s
        self._wall_start, self._cpu_start = time.perf_counter(), time.process_time()

    def part(self, name: str) -> "Part":
        """A context that adds its time to `name`, less that of other parts within it."""
        return self._parts[name]

    @property
    def wall_s(self) -> float:
        """Wall seconds of all attempts."""
        return self._wall_before + time.perf_counter() - self._wall_start

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all attempts, of this process and its threads."""
        return self._cpu_before + time.process_time() - self._cpu_start

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


class Part:
    """What times blocks, one after another. A class, since a step of training takes several, and
    a generator for each costs as much as the block.
    """

    def __init__(self, clock: Clock, name: str) -> None:
        """Add to `clock.seconds[name]`."""
        self._clock, self._name = clock, name
        self._start = self._outer = 0.0

    def __enter__(self) -> None:
        clock = self._clock
        self._outer, clock.within = clock.within, 0.0
        self._start = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        took = time.perf_counter() - self._start
        clock = self._clock
        clock.seconds[self._name] += took - clock.within
        clock.within = self._outer + took
