"""The interactive figures of a study as data for the page: Bokeh documents, and their legend."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from bokeh.document import Document
from bokeh.resources import INLINE

from mpo.evaluation.reading.frames import read_csv
from mpo.evaluation.reading.manifest import Manifest
from mpo.evaluation.showing import figures
from mpo.evaluation.showing.failures import sentence_for
from mpo.evaluation.showing.live.panels import (
    LONE_HEIGHT,
    curves,
    dash,
    pixels,
    points,
    rungs,
    sweep,
)
from mpo.evaluation.showing.live.specs import Curves, Live, Points, Rungs, Sweeps
from mpo.evaluation.showing.palette import styles
from mpo.evaluation.showing.references import distinct
from mpo.evaluation.showing.wording import named

LEAST_WIDTH, ROOM, LETTER = 16, 10, 0.36
"""Of a panel, of what it shows and of a letter beside it, in rem."""


def library() -> str:
    """BokehJS, the part that figures without widgets need."""
    (plain,) = (text for text in INLINE.clone(components=["bokeh"]).js_raw if len(text) > 100_000)
    return plain


def spec_of(name: str) -> Live | None:
    """How the figure `name` is drawn in the page; None for one that is a picture only."""
    return getattr(figures.module(name), "LIVE", None) if name in figures.names() else None


def figure_data(name: str, manifest: Manifest, study_dir: Path) -> dict[str, Any] | None:
    """The figure `name` for the page; None where it is a picture only, or has no numbers.

    Keys: `legend`, a name, colour and dash pattern a variant or mark; `references`, a name and a
    dash pattern each; `width` of a panel at least, in rem; `panels`, a title and the id of its plot
    each; `document`, Bokeh's. The same file gives the same data.
    """
    spec, path = spec_of(name), study_dir / "figures" / f"{name}.csv"
    if spec is None or not path.exists() or sentence_for("figure", name, study_dir):
        return None
    document = Document()
    rows = pd.DataFrame({"seed": math.nan} | dict(read_csv(path).items()))
    drawn = [*_panels(spec, rows, manifest)]
    if len(drawn) == 1 and not isinstance(spec, Points | Rungs):  # as high as they are many
        drawn[0][1].height = LONE_HEIGHT
    for _, plot in drawn:
        document.add_root(plot)
    panels = [{"title": title, "plot": plot.id} for title, plot in drawn]
    had = set(rows["variant"])
    mine = {name: style for name, style in styles([*manifest.variants]).items() if name in had}
    found = spec.marks if isinstance(spec, Rungs) else mine
    legend = [
        {"name": name, "colour": style.colour, "dash": dash(style)} for name, style in found.items()
    ]
    keys = [*dict.fromkeys(rows[spec.panels])] if spec.panels else []
    lines = distinct(spec.references, manifest, keys)
    data = {
        "legend": legend,
        "references": [{"name": each.label, "dash": pixels(each.dash)} for each in lines],
        "width": _width(spec, rows),
        "panels": panels,
        "document": document.to_json(deferred=False),
    }
    return _renumbered(data, {})


def _width(spec: Live, rows: pd.DataFrame) -> float:
    """How wide a panel is at least, in rem: the names beside it leave room for what it shows."""
    names = {Points: "variant", Rungs: "trick"}.get(type(spec))
    longest = rows[names].str.len().max() if names else 0
    return max(LEAST_WIDTH, ROOM + LETTER * float(longest))


def _panels(spec: Live, rows: pd.DataFrame, manifest: Manifest) -> Iterator[tuple[str, Any]]:
    """The title and the plot of each panel."""
    variants = list(manifest.variants)
    if isinstance(spec, Sweeps):
        for key, mine in rows.groupby(["base", "field", "task"], sort=False):
            base, field, task = map(str, key)
            yield f"{field} of {base}: {named(task)}", sweep(spec, mine, variants)
        return
    if isinstance(spec, Rungs):
        for key, mine in rows.groupby(["of", "task"], sort=False):
            of, task = map(str, key)
            yield f"{of}: {named(task)}", rungs(spec, mine, spec.references(manifest, task))
        return
    for key in dict.fromkeys(rows[spec.panels]) if spec.panels else [""]:
        mine = rows[rows[spec.panels] == key] if spec.panels else rows
        refs = spec.references(manifest, key)
        if isinstance(spec, Curves):
            plot = curves(spec, mine, refs, variants)
        else:
            plot = points(spec, mine, refs, variants)
        yield spec.titles.get(key, named(key)), plot


def _renumbered(value: Any, ids: dict[str, str]) -> Any:
    """`value` with Bokeh's ids, which count on as long as Python runs, by their order in it."""
    if isinstance(value, dict):
        return {
            key: ids.setdefault(each, f"m{len(ids)}")
            if key in ("id", "plot") and isinstance(each, str)
            else _renumbered(each, ids)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_renumbered(each, ids) for each in value]
    return value
