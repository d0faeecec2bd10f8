"""The page on statistics says what claims may be about, all of it."""

import re

from mpo.evaluation.claims.metrics import METRICS
from mpo.project import SHIPPED


def test_every_metric_is_told():
    page = (SHIPPED / "docs/statistics.md").read_text(encoding="utf-8")
    _, _, part = page.partition("## What claims are about")
    assert re.findall(r"^\| `(\w+)` \|", part.partition("\n## ")[0], re.M) == list(METRICS)
