"""What the report says of codes shown equal: of those that its runs rest on, and of no others."""

from __future__ import annotations

import dataclasses

import pytest

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.tables import caption
from mpo.evaluation.telling.equal_codes import said
from mpo.settings.equality import Equality
from tests.shown_equal import shown

CODE = "c" * 64


@pytest.fixture
def trained(frames: Frames) -> Frames:
    """A study all of whose runs are of one code."""
    return dataclasses.replace(frames, runs=frames.runs.assign(code_digest=CODE))


def with_record(frames: Frames, *links: Equality) -> Frames:
    manifest = dataclasses.replace(frames.manifest, equalities=links)
    return dataclasses.replace(frames, manifest=manifest)


def everywhere(frames: Frames, old: str, new: str, **changes) -> list[Equality]:
    """An equality for each variant and task, tasks with different steps."""
    return [
        shown(old, new, variant=variant, task=task, **{"steps": 5800 + 100 * place, **changes})
        for variant in frames.manifest.variants
        for place, task in enumerate(frames.manifest.tasks)
    ]


def test_without_a_record_nothing_is_said(trained: Frames):
    assert said(trained) == []


def test_one_comparison_is_one_sentence(trained: Frames):
    (line,) = said(with_record(trained, *everywhere(trained, CODE, "d")))
    assert (
        "the first 5,800 to 5,900 control steps (34 updates) of a run of each variant and" in line
    )
    assert "by commit `01234567` and by later code (made up, 2025-01-31)." in line


def test_a_chain_is_told_link_by_link_as_far_as_it_leads_on_from_the_runs(trained: Frames):
    before = everywhere(trained, "b", CODE, commit="9" * 40)
    first = everywhere(trained, CODE, "d")
    second = everywhere(trained, "d", "e", date="2025-02-01", steps=5800)[:1]
    lines = said(with_record(trained, *before, *first, *second))
    assert len(lines) == 2
    variant, task = second[0].variant, second[0].task
    assert (
        f"the first 5,800 control steps (34 updates) of a run of `{variant}` on {task} " in lines[1]
    )


def test_the_inventory_says_what_its_runs_were_held_to(frames: Frames, trained: Frames):
    words = "the manifest asks for, or of code shown equal to that"
    assert words not in caption("runs", frames)
    assert words in caption("runs", trained)
