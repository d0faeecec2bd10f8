"""Claims of the literature, declared as data before the runs and judged by them.

`config/claims.yaml` -> `claims_of` -> `judge` (metrics, samples, permutation, Holm) -> one row a
claim. A claim's verdict is `supported`, `refuted`, `undecided` or `not_run`.
"""

from mpo.evaluation.claims.claim import LEVEL, Claim, claims_of
from mpo.evaluation.claims.judging import judge, powerless

__all__ = ["LEVEL", "Claim", "claims_of", "judge", "powerless"]
