"""One line of the table of errata: what is printed and what is right, each with its error."""

from __future__ import annotations

from typing import NamedTuple

MARGIN = 100.0
"""What is printed counts as wrong where its error is this many times the tolerance."""


class Check(NamedTuple):
    """A quantity as printed and as corrected, both measured against an independent computation."""

    erratum: int
    source: str
    printed: str
    correct: str
    quantity: str
    """What is compared, and in which unit its error is."""
    error_printed: float
    error_correct: float
    tolerance: float
    independent_method: str

    @property
    def verdict(self) -> str:
        """What the two errors say together.

        `confirmed`: the correction is within the tolerance, and the print outside a hundred
        times that. `refuted`: the other way round. `undecided`: anything else.
        """
        if self._right(self.error_correct) and self._wrong(self.error_printed):
            return "confirmed"
        if self._right(self.error_printed) and self._wrong(self.error_correct):
            return "refuted"
        return "undecided"

    def _right(self, error: float) -> bool:
        return error <= self.tolerance

    def _wrong(self, error: float) -> bool:
        return error > MARGIN * self.tolerance
