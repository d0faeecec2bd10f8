"""Files of the figures and of the section: complete, and the same bytes when made again."""

import pytest

from mpo.evaluation.reading.frames import read_csv, write_csv
from mpo.theory import convergence, cycling, errata, figures, policy_iteration
from mpo.theory.check import Check
from mpo.theory.section import section


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study's folder with every figure, policy iteration made small."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        for name in figures.NAMES:
            figures.write(name, folder)
    return folder


def make_small(patch):
    for name, value in {"COUNT": 4, "STATES": 5, "ITERATIONS": 6}.items():
        patch.setattr(convergence, name, value)
    patch.setattr(policy_iteration, "MOST_SWEEPS", 20)
    patch.setitem(convergence.SWEEPS, "10", 2)
    sizes = {"COUNT": 60, "FIRST": 150, "LAST": 100, "WATCHED": 50, "SHOWN_SWEEPS": 150}
    for name, value in sizes.items():
        patch.setattr(cycling, name, value)
    patch.setattr(cycling, "TEMPERATURES", (0.3, 1.0))


@pytest.mark.parametrize("name", figures.NAMES)
def test_figure_has_its_three_files(study, name):
    for kind in ("png", "svg", "csv"):
        assert (study / "figures" / f"{name}.{kind}").stat().st_size > 500


@pytest.mark.parametrize(
    ("name", "tables"),
    [("overflow_map", []), ("policy_iteration", ["theory/cycling.csv", "theory/iterations.csv"])],
)
def test_figure_has_the_same_bytes_again(study, name, tables, tmp_path, monkeypatch):
    make_small(monkeypatch)
    figures.write(name, tmp_path)
    written = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    drawn = [f"figures/{name}.{kind}" for kind in ("csv", "png", "svg")]
    assert [path.relative_to(tmp_path).as_posix() for path in written] == drawn + tables
    for path in written:
        assert path.read_bytes() == (study / path.relative_to(tmp_path)).read_bytes(), path.name


@pytest.mark.parametrize("name", figures.NAMES)
def test_caption_needs_only_the_numbers_drawn(study, name):
    said = figures.module(name).caption(read_csv(study / "figures" / f"{name}.csv"))
    assert said.endswith(".") and "nan" not in said


def test_unknown_figure_is_refused():
    with pytest.raises(ValueError, match="'cake' is not known"):
        figures.module("cake")


def test_section_counts_what_is_confirmed(study, monkeypatch):
    good = Check(1, "P1", "a", "b", "q", 1.0, 0.0, 1e-6, "sum")
    bad = good._replace(erratum=2, error_correct=0.5)
    monkeypatch.setattr(errata, "all_checks", lambda: [good, good._replace(erratum=2), bad])
    write_csv(errata.table(), study / "theory/errata.csv")
    text = section(study)
    assert "Of 2 errata in the two papers 1 are confirmed" in text
    for name in figures.NAMES:
        assert f"(figures/{name}.png)" in text
    assert "| `improved` |" in text and "nan" not in text
