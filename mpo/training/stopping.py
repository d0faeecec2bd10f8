"""Being asked to stop: SIGTERM and SIGINT, obeyed at once or as soon as the run is saved."""

import signal
from collections.abc import Callable
from types import FrameType

EXIT_STATUS = 143


class Interrupted(BaseException):
    """The run was asked to stop, and did so; what it had done is in its checkpoint.

    No `Exception`, since it can arise anywhere, and nothing on its way out may take it for a fault
    of its own: a loader for a damaged file, a compiler for an operation that it does not know.
    """


class StopRequest:
    """Listens to SIGTERM and SIGINT; the handlers so far come back afterwards.

    While `at_once`, `Interrupted` arises wherever the program is: there must be nothing to save.
    Otherwise the signal is noted, for a loop to look at.
    """

    def __init__(self) -> None:
        """At once, at first."""
        self.signal: int | None = None
        self.at_once = True
        self.also: Callable[[], None] | None = None
        """What a handler calls besides noting a signal."""

    def __enter__(self) -> "StopRequest":
        signals = (signal.SIGTERM, signal.SIGINT)
        self._before = {number: signal.signal(number, self._handle) for number in signals}
        return self

    def obey(self) -> None:
        """From now on at once, a signal that was noted so far included."""
        self.at_once = True
        if self.signal is not None:
            raise Interrupted(
                f"stopped by signal {self.signal}; the same command goes on from the last "
                "checkpoint"
            )

    def note(self) -> None:
        """From now on, signals are noted."""
        self.at_once = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        if self.also is not None:
            self.also()
        if self.at_once:
            self.obey()

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
