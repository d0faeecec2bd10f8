"""A variant looks the same everywhere, unlike any other, in colour and in grey."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb

from mpo.evaluation.reading.frames import Frames, write_csv
from mpo.evaluation.showing import figures
from mpo.evaluation.showing.live.document import figure_data
from mpo.evaluation.showing.palette import SPARE, STYLES, styles

RATES = ["1e-05", "3e-05", "0.0001", "0.0002", "0.0003", "0.0005", "0.001", "0.002", "0.003"]
SWEPT = [f"stabilised@policy_learning_rate={rate}" for rate in RATES]


def test_no_two_styles_are_the_same():
    every = [*STYLES.values(), *SPARE]
    assert len(set(map(repr, every))) == len(every)


def test_styles_can_be_told_apart_without_colour():
    seen = {(style.marker, repr(style.line)) for style in list(STYLES.values())[:8]}
    assert len(seen) == 8


def test_every_colour_is_dark_enough_for_white_paper():
    for style in [*STYLES.values(), *SPARE]:
        red, green, blue = to_rgb(style.colour)
        assert 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.72


def test_adding_variants_recolours_none():
    before = styles(["paper", "mine", "stabilised"])
    after = styles(["other", "paper", "stabilised", "mine", "td0"][1:])
    assert {name: after[name] for name in before} == before


def test_many_variants_of_ones_own_have_styles_of_their_own():
    names = [f"variant_{number}" for number in range(len(SPARE))]
    assert len(set(map(repr, styles(names).values()))) == len(SPARE)
    assert len(styles([*names, "one more"])) == len(SPARE) + 1


@pytest.fixture
def some(frames: Frames) -> Frames:
    """A study of eleven variants with runs of three, the last of nine sweep names among them."""
    names = {"stable_dual": SWEPT[-1]}
    known = {names.get(name, name): each for name, each in frames.manifest.variants.items()}
    swept = known[SWEPT[-1]]
    variants = {name: dataclasses.replace(swept, name=name, swept=None) for name in SWEPT}
    variants |= {"paper": known["paper"], "stabilised": known["stabilised"]}
    sweep = {"base": SWEPT[-1], "swept": ("epsilon", 0.2)}  # of it, so that it is a base too
    variants["stabilised"] = dataclasses.replace(known["stabilised"], **sweep)
    values = {field.name: getattr(frames, field.name) for field in dataclasses.fields(frames)}
    manifest = dataclasses.replace(values.pop("manifest"), variants=variants)
    rows = {name: rows.replace({"variant": names, "base": names}) for name, rows in values.items()}
    runs = [rows["runs"].assign(variant=name) for name in SWEPT[:-1]]  # which logged nothing
    return Frames(manifest, **rows | {"runs": pd.concat([rows["runs"], *runs])})


def test_a_variant_has_one_style_whatever_a_figure_draws(some: Frames, tmp_path: Path):
    """It has moved on from another's, which not all figures draw."""
    style, alone = styles(list(some.manifest.variants))[SWEPT[-1]], styles([SWEPT[-1]])[SWEPT[-1]]
    assert style.colour != alone.colour
    for name in ("temperature", "probability_of_improvement", "sweeps"):
        lines = [line for panel in figures.draw(name, some).axes for line in panel.lines]
        seen = {(to_hex(line.get_color()), str(line.get_marker())) for line in lines}
        assert (to_hex(style.colour), style.marker) in seen, name
        assert to_hex(alone.colour) not in {colour for colour, _ in seen}, name
    for name in ("probability_of_improvement", "sweeps", "learning_curves"):
        write_csv(figures.module(name).drawn(some), tmp_path / f"figures/{name}.csv")
        data = figure_data(name, some.manifest, tmp_path)
        assert data
        legend = {each["name"]: each["colour"] for each in data["legend"]}
        assert legend[SWEPT[-1]] == style.colour
        plots = str(data["document"]["roots"])
        assert style.colour in plots and alone.colour not in plots, name
