"""Options tried before a run: sound ones pass and leave no trace, mistakes are told in two lines.

`WRITE_PAGES=1 pytest tests/algorithm/trial/test_attempt.py` writes docs/faults.md's table anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mpo.algorithm.trial.attempt import attempt
from mpo.evaluation.showing.tables import markdown
from mpo.evaluation.telling.readme import filled
from mpo.settings import OPTION_PACKAGES, OptionError, Settings, settings
from mpo.settings.options import file_of
from mpo.study.entries import load_variants
from mpo.study.yaml_files import PROJECT
from tests.algorithm.trial.mistakes import MISTAKES
from tests.own_options import put_option

SOUND = (
    file_of("backup", "policy")
    .read_text()
    .replace(
        "from torch import Tensor", "import numpy as np\nimport torch\nfrom torch import Tensor"
    )
)
PAGE = PROJECT / "docs/faults.md"
MARKS = ("<!-- begin options -->", "<!-- end options -->")
VARIANTS = {
    name: settings(variant.settings)
    for name, variant in load_variants().items()
    if not variant.external
}
pytestmark = pytest.mark.usefixtures("unchecked")


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Settings]:
    """Puts an option `mine` of a kind beside the shipped ones; the settings that select it."""

    def put(field: str, text: str) -> Settings:
        put_option(field, "mine", text, tmp_path / field, monkeypatch)
        return settings({"steps": 1000}).model_copy(update={field: "mine"})

    return put


def said(chosen: Settings) -> OptionError:
    with pytest.raises(OptionError) as caught:
        attempt(chosen, 5, 2)
    return caught.value


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_by_kind_name_file_and_line(name: str, mine) -> None:
    mistake = MISTAKES[name]
    text = file_of(mistake.field, mistake.name).read_text()
    assert mistake.old in text
    error = said(mine(mistake.field, text.replace(mistake.old, mistake.new, 1)))
    first, place = str(error).split("\n")
    begins, dots, _ = f"{mistake.field} mine: {mistake.said}".partition("...")
    assert first.startswith(begins) if dots else first == begins
    assert place.startswith(f"  {error.file}")
    if mistake.at == "-":
        assert error.line is None
    else:
        begins = mistake.at or next(
            line.strip() for line in error.file.read_text().splitlines() if mistake.new in line
        )
        assert place.startswith(f"  {error.file}, line {error.line}: {begins}")


def test_the_page_lists_what_was_tried() -> None:
    rows = [
        {"what is wrong": name, "what is said": f"{case.field} mine: {case.said}"}
        for name, case in MISTAKES.items()
    ]
    page = PAGE.read_text(encoding="utf-8")
    current = filled(page, markdown(pd.DataFrame(rows)), PAGE, MARKS)
    if os.environ.get("WRITE_PAGES"):
        PAGE.write_text(current, encoding="utf-8")
    assert page == current, "WRITE_PAGES=1 writes it anew"


def test_every_kind_of_option_has_a_mistake_that_is_told() -> None:
    assert {case.field for case in MISTAKES.values()} == set(OPTION_PACKAGES)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_found_sound(name: str) -> None:
    for action_size in (1, 2, 7):
        attempt(VARIANTS[name], 5, action_size)


def test_it_leaves_every_stream_as_it_was(mine) -> None:
    """An option that draws from the global generators does not move them in a trial."""
    drawing = SOUND.replace("q.mean(0)", "q.mean(0) + torch.rand(()) + np.random.rand()")
    chosen = mine("backup", drawing)
    torch.manual_seed(3)
    np.random.seed(3)
    expected = torch.rand(2), np.random.rand(2)
    torch.manual_seed(3)
    np.random.seed(3)
    attempt(chosen, 5, 2)
    assert torch.equal(torch.rand(2), expected[0])
    assert (np.random.rand(2) == expected[1]).all()


def test_numbers_that_grow_beyond_all_bounds_are_the_run_s_outcome_and_no_mistake() -> None:
    attempt(settings({"initial_deviation": 1e30, "initial_temperature": 1e-30}), 5, 2)
    attempt(settings({"critic_learning_rate": 1e18, "policy_learning_rate": 1e18}), 5, 2)


def test_a_mistake_that_only_a_whole_update_shows_is_told_as_briefly(mine) -> None:
    """A loss for as many states as the function by itself was tried on."""
    text = file_of("critic_loss", "squared").read_text()
    error = said(mine("critic_loss", text.replace("error.square()", "error[:3].square()")))
    assert error.what.startswith("RuntimeError: The size of tensor a (")
    assert len(str(error).splitlines()) == 2


def test_numpy_may_be_used_where_nothing_is_compiled(mine) -> None:
    chosen = mine("backup", SOUND.replace("q.mean(0)", "torch.from_numpy(q.numpy().mean(0))"))
    attempt(chosen.model_copy(update={"compile": False}), 5, 2)
