"""Claims of the literature and our own, declared as data before the runs and judged by them.

`config/claims.yaml`, and the study's own -> `claims_of` -> `judge`: metrics (a number a run) ->
samples (a number a seed) -> verdicts (a stratified t) or shares (exact), Holm -> one row a claim.
`comparison` puts questions to a study in the same way. A claim's verdict is `supported`,
`refuted`, `undecided` or `not_run`.
"""

from mpo.evaluation.claims.claim import LEVEL, Claim, claims_of
from mpo.evaluation.claims.judging import judge, powerless

__all__ = ["LEVEL", "Claim", "claims_of", "judge", "powerless"]
