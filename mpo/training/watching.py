"""TensorBoard's events of a run while it is trained, of rows that its files will hold anyway.

Reads what training keeps and changes nothing: a watched run has the bytes and the digests of one
that nobody watches.
"""

from __future__ import annotations

import logging
from pathlib import Path

from mpo.rundir.events import Events
from mpo.training.trained import Trained

log = logging.getLogger("mpo")


class Watch:
    """Writes the events; does nothing where there is no folder for them."""

    def __init__(self, folder: Path | None) -> None:
        """Begin an event file. Raises ValueError where TensorBoard is missing, or OSError."""
        self._events = Events(folder) if folder else None

    def look(self, training: Trained) -> None:
        """Write the rows that are new; a fault of the disk ends the watching, not the run."""
        if self._events is None:
            return
        logs = training.logs
        try:
            self._events.update(training.evaluations, logs.training, logs.timing)
        except OSError as error:
            log.warning("TensorBoard's events: %s; training goes on", error.strerror or error)
            self._events = None

    def close(self, training: Trained) -> None:
        """Write the last rows."""
        self.look(training)
        if self._events is not None:
            self._events.close()
