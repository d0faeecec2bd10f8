"""A variant looks the same everywhere, unlike any other, in colour and in grey."""

from __future__ import annotations

from matplotlib.colors import to_rgb

from mpo.evaluation.showing.palette import SPARE, STYLES, styles


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
