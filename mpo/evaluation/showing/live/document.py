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
from mpo.evaluation.reading.manifest import ALL, Manifest
from mpo.evaluation.showing import figures
from mpo.evaluation.showing.failures import sentence_for
from mpo.evaluation.showing.live.panels import LONE_HEIGHT, curves, dash, pixels, points, sweep
from mpo.evaluation.showing.live.specs import Curves, Points, Sweeps
from mpo.evaluation.showing.palette import styles
from mpo.evaluation.showing.references import distinct


def library() -> str:
    """BokehJS, the part that figures without widgets need."""
    (plain,) = (text for text in INLINE.clone(components=["bokeh"]).js_raw if len(text) > 100_000)
    return plain


def spec_of(name: str) -> Curves | Points | Sweeps | None:
    """How the figure `name` is drawn in the page; None for one that is a picture only."""
    return getattr(figures.module(name), "LIVE", None) if name in figures.names() else None


def figure_data(name: str, manifest: Manifest, study_dir: Path) -> dict[str, Any] | None:
    """The figure `name` for the page; None where it is a picture only, or has no numbers.

    Keys: `legend`, a name, colour and dash pattern a variant; `references`, a name and a dash
    pattern each; `panels`, a title and the id of its plot each; `document`, Bokeh's. The same file
    gives the same data.
    """
    spec, path = spec_of(name), study_dir / "figures" / f"{name}.csv"
    if spec is None or not path.exists() or sentence_for("figure", name, study_dir):
        return None
    document = Document()
    rows = pd.DataFrame({"seed": math.nan} | dict(read_csv(path).items()))
    drawn = [*_panels(spec, rows, manifest)]
    if len(drawn) == 1 and not isinstance(spec, Points):  # points are as high as they are many
        drawn[0][1].height = LONE_HEIGHT
    for _, plot in drawn:
        document.add_root(plot)
    panels = [{"title": title, "plot": plot.id} for title, plot in drawn]
    found = styles([name for name in manifest.variants if name in set(rows["variant"])])
    legend = [
        {"name": name, "colour": style.colour, "dash": dash(style)} for name, style in found.items()
    ]
    keys = [*dict.fromkeys(rows[spec.panels])] if spec.panels else []
    named = distinct(spec.references, manifest, keys)
    data = {
        "legend": legend,
        "references": [{"name": each.label, "dash": pixels(each.dash)} for each in named],
        "panels": panels,
        "document": document.to_json(deferred=False),
    }
    return _renumbered(data, {})


def _panels(
    spec: Curves | Points | Sweeps, rows: pd.DataFrame, manifest: Manifest
) -> Iterator[tuple[str, Any]]:
    """The title and the plot of each panel."""
    if isinstance(spec, Sweeps):
        for key, mine in rows.groupby(["base", "field", "task"], sort=False):
            base, field, task = map(str, key)
            yield f"{field} of {base}: {'all tasks' if task == ALL else task}", sweep(spec, mine)
        return
    for key in dict.fromkeys(rows[spec.panels]) if spec.panels else [""]:
        mine = rows[rows[spec.panels] == key] if spec.panels else rows
        refs = spec.references(manifest, key)
        plot = curves(spec, mine, refs) if isinstance(spec, Curves) else points(spec, mine, refs)
        yield spec.titles.get(key, "all tasks" if key == ALL else key), plot


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
