"""Every field says what it does and where that is from, and every option what it is."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import mpo.settings.description
from mpo.settings import OPTION_PACKAGES, Settings, SettingsError, options
from mpo.settings.description import BOUNDS, Choice, Description, describe, descriptions
from mpo.settings.fields import SECTIONS, SOURCES
from mpo.settings.modules import meaning

SOURCE = re.compile(
    rf"\b({'|'.join(SOURCES)})\b|\beq\. \d|\b[A-Z]\w+ et al\. \d{{4}}|choice of this project"
)
"""An equation, a paper or a public implementation, or the admission that there is none."""


def wanting(described: Description) -> list[str]:
    """What a description lacks."""
    text = described.description
    found = [] if text else ["a docstring"]
    found += [] if SOURCE.search(text) else ["a source"]
    found += [] if text.endswith((".", ".)")) else ["a full stop"]
    for choice in described.options:
        whole = choice.meaning.endswith(".") and len(choice.meaning) > len(choice.name) + 2
        found += [] if whole else [f"what {choice.name} is, in one line"]
    return found


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_field_says_what_it_does_and_where_that_is_from(field: str) -> None:
    assert not wanting(describe(field))


def test_what_a_description_lacks_is_seen() -> None:
    whole = Description("f", "data", "What f does (P1 eq. 9).", "integer", 1, "", ())
    assert not wanting(whole)
    assert wanting(whole._replace(description="")) == ["a docstring", "a source", "a full stop"]
    assert wanting(whole._replace(description="What f does.")) == ["a source"]
    assert wanting(whole._replace(description="What f does. APP1 is it")) != []
    for meaning_ in ("", "a.", "Half a line of"):
        assert wanting(whole._replace(options=(Choice("a", meaning_),)))


def test_a_field_without_a_docstring_has_no_description(monkeypatch: pytest.MonkeyPatch) -> None:
    class Grown(SECTIONS[0]):
        silent: int = 1
        told: int = 2
        """What it does."""

    monkeypatch.setattr(mpo.settings.description, "Settings", Grown)
    monkeypatch.setattr(mpo.settings.description, "SECTIONS", (Grown,))
    mpo.settings.description._schemas.cache_clear()
    found = {each.field: each.description for each in descriptions()}
    mpo.settings.description._schemas.cache_clear()
    assert (found["silent"], found["told"]) == ("", "What it does.")


def test_every_field_is_in_one_section() -> None:
    names = [name for section in SECTIONS for name in section.model_fields]
    assert names == list(Settings.model_fields)  # none twice, none missing, in this order
    assert [each.field for each in descriptions()] == names
    assert len({section.section for section in SECTIONS}) == len(SECTIONS)
    for section in SECTIONS:
        assert section.__doc__
        assert section.__doc__ != SECTIONS[0].__base__.__doc__


@pytest.mark.parametrize(
    ("field", "allowed", "default"),
    [
        ("epsilon", "number above 0", 0.1),
        ("discount", "number of at least 0 and below 1", 0.99),
        ("polyak", "number above 0 and at most 1", 0.005),
        ("action_samples", "integer of at least 2", 20),
        ("critic_gradient_clip", "number above 0, or null", None),
        ("critic_hidden", "list of at least 2, each integer above 0", [200, 200]),
        ("compile", "true or false", True),
        ("environment", "text", "dm_control/cartpole-balance-v0"),
        ("returns", "n_step, retrace, td0", "retrace"),
        ("multiplier_step", "before, together", "before"),
    ],
)
def test_type_range_and_default(field: str, allowed: str, default: object) -> None:
    described = describe(field)
    assert (described.allowed, described.default) == (allowed, default)


def test_every_bound_of_a_field_is_told() -> None:
    """Whatever pydantic makes of a new kind of bound, `allowed` must have words for it."""
    told = {*BOUNDS, "type", "default", "title", "description", "enum", "options", "baseline"}
    for field, schema in mpo.settings.description._schemas().items():
        for part in (schema, *schema.get("anyOf", ()), schema.get("items", {})):
            assert set(part) <= told | {"anyOf", "items", "minItems", "$ref"}, field


@pytest.mark.parametrize(
    ("field", "protocols"),
    [
        ("epsilon", ""),
        ("passes", "iterations alone"),
        ("dual_learning_rate", "all but iterations"),
        ("steps_per_update", "all but iterations"),
        ("returns", 'all; iterations needs "td0"'),
        ("layer_norm", "all; iterations needs false"),
    ],
)
def test_which_protocols_read_a_field(field: str, protocols: str) -> None:
    assert describe(field).protocols == protocols


@pytest.mark.parametrize("field", OPTION_PACKAGES)
def test_options_are_those_that_a_field_may_take(field: str) -> None:
    assert tuple(choice.name for choice in describe(field).options) == options(field)


def test_a_new_option_is_described_without_being_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path
    (folder / "package").mkdir()
    fails = "\n\nraise RuntimeError('imported')\n"
    (folder / "mine.py").write_text(f'"""What mine is.\n\nMore of it.\n"""{fails}')
    (folder / "silent.py").write_text(fails)
    (folder / "package" / "__init__.py").write_text(f'"""A package."""{fails}')
    # by its name, `mpo.settings.options` is the function
    monkeypatch.setattr(sys.modules["mpo.settings.options"], "folders", lambda field: (tmp_path,))
    assert describe("backup").options == (
        Choice("mine", "What mine is."),
        Choice("package", "A package."),
        Choice("silent", ""),
    )
    with pytest.raises(OSError, match="absent"):
        meaning("backup", "absent")


def test_an_unknown_field_is_one_line_with_the_nearest_name() -> None:
    with pytest.raises(SettingsError, match=r"'epsilom' is not allowed.*did you mean epsilon\?"):
        describe("epsilom")
    with pytest.raises(SettingsError) as caught:
        describe("qqqq")
    assert "did you mean" not in str(caught.value)
    assert "python -m mpo settings" in str(caught.value)
    assert "\n" not in str(caught.value)
