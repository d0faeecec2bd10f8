"""What stands first in a report: what was asked, how the claims came out, the clearest of them.

Every sentence is made from rows of the claims' table and says the number it rests on.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd

from mpo.evaluation.claims.judging import NOT_RUN, REFUTED, SUPPORTED, UNDECIDED, VERDICTS
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing import tables
from mpo.evaluation.showing.claims import files as claims
from mpo.evaluation.showing.claims.shown import effect, quantity
from mpo.evaluation.showing.marking import captioned, plain
from mpo.evaluation.showing.tables.cells import number, text
from mpo.evaluation.showing.wording import count

PAPERS = {
    "P1": "Abdolmaleki et al. 2018, Maximum a Posteriori Policy Optimisation",
    "P2": "Abdolmaleki et al. 2018, Relative Entropy Regularized Policy Iteration",
    "SR": "the report of Chen et al. 2021, which reproduced P1",
}
"""What a claim's source stands for."""
LAST = ["equivalence", "computed"]
"""Tests whose claims are named after the others: they show that nothing differs, or no run."""
CLEAREST = 2
"""Claims of a verdict that are named; the table has them all."""
LOG2 = "log2_"
"""How the name of a metric begins that is a binary logarithm."""


def said(frames: Frames, study_dir: Path) -> list[str]:
    """The question, verdicts as a table of one row, three sentences at most, and who P1 is.

    Of a study under way only what is asked. Raises `ReportError` where claims were not judged.
    """
    manifest, rows = frames.manifest, claims.judged(study_dir)
    runs = (
        f"{count(len(manifest.runs), 'run')} of {count(len(manifest.variants), 'variant')} on "
        f"{count(len(manifest.tasks), 'task')}, {count(len(manifest.seeds), 'seed')} each"
    )
    if rows is None or rows.empty:
        return [f"**Asked:** how {runs}, compare."]
    here = int((rows["verdict"] != NOT_RUN).sum())
    return [
        f"**Asked:** which of {count(len(rows), 'claim')} hold, by {runs}. This study has what "
        f"{here} of them {'needs' if here == 1 else 'need'}.",
        tables.markdown(_counts(rows)),
        *findings(rows),
        *filter(None, [_papers(rows)]),
    ]


def findings(rows: pd.DataFrame) -> list[str]:
    """Two sentences or three: what is supported and refuted most clearly, and how much is open."""
    told = [_clearest(rows, SUPPORTED), _clearest(rows, REFUTED), _open(rows)]
    return [sentence for sentence in told if sentence]


def _papers(rows: pd.DataFrame) -> str:
    """What the sources of the claims stand for, as a caption; empty where none is in short."""
    cited = {word for said in rows["source"].map(text) for word in re.findall(r"\w+", said)}
    named = [f"{short} is {paper}" for short, paper in PAPERS.items() if short in cited]
    return captioned(f"{'; '.join(named)}.") if named else ""


def _counts(rows: pd.DataFrame) -> pd.DataFrame:
    """How many claims came to which verdict, a column each."""
    counts = rows["verdict"].value_counts()
    return pd.DataFrame([{name.replace("_", " "): str(counts.get(name, 0)) for name in VERDICTS}])


def _clearest(rows: pd.DataFrame, verdict: str) -> str:
    """The claims of a verdict whose adjusted p are least, those of `LAST` at the end."""
    late = rows["test"].map({test: place for place, test in enumerate(LAST, 1)}).fillna(0)
    found = rows.assign(late=late)[rows["verdict"] == verdict]
    found = found.sort_values(["late", "p_adjusted"], kind="stable")
    if found.empty:
        return f"No claim is {verdict}."
    named = [_named(row) for row in found.head(CLEAREST).to_dict("records")]
    which = f"**{verdict.capitalize()}**"
    more = len(found) - len(named)
    if more:
        which += f" most clearly, of {len(found)}"
    return f"{which}: {'; '.join(named)}."


def _named(row: dict) -> str:
    """A claim's words; in brackets what was measured, whose claim it is, if it has a note."""
    noted = "with a note in the table" if row["test"] != "computed" and text(row["note"]) else ""
    facts = [_measured(row), text(row["source"]), noted]
    return plain(f"{row['statement']} ({'; '.join(filter(None, facts))})")


def _measured(row: dict) -> str:
    """What the effect is of, sides, effect, p and n; of means of a logarithm their ratio."""
    if row["test"] == "computed":
        return "by computation"
    first, second, metric = text(row["first"]), text(row["second"]), row["metric"]
    if not second or "," in first + second:
        said = f"{quantity(row)} {effect(row)}"
    elif metric.startswith(LOG2) and row["test"] != "spread":
        ratio = effect(row | {each: 2 ** row[each] for each in ("effect", "low", "high")})
        what = metric.removeprefix(LOG2).replace("_", " ")
        said = f"{what} of {first} are {ratio} times those of {second}"
    else:
        said = f"{quantity(row)} of {first} minus {second} {effect(row)}"
    return f"{said}, adjusted p {number(row['p_adjusted'], 2)}, n = {int(row['n'])}"


def _open(rows: pd.DataFrame) -> str:
    """How many claims stay open, and how many seeds would probably decide the middle one."""
    undecided = rows[rows["verdict"] == UNDECIDED]
    if undecided.empty:
        return ""
    seeds = undecided["seeds_needed"].dropna()
    text = f"{count(len(undecided), 'claim')} {'stays' if len(undecided) == 1 else 'stay'}"
    text += " **undecided**"
    if seeds.empty:
        return f"{text}."
    return (
        f"{text}; where an effect was seen, the median number of seeds that would probably decide "
        f"is {math.ceil(seeds.median()):,}."
    )
