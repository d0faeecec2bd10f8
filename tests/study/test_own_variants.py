"""A study's own variants, and variants that it names by a pattern."""

from pathlib import Path

import pytest
import yaml

from mpo.study.config import ConfigError
from tests.configuration import config, load

__all__ = ["config"]  # a fixture
OWN = """
own_variants:
  later:
    base: late
    change: smaller batches
    source: ours
    settings: {batch_size: 64}
  latest: {base: later, change: more samples, source: ours, settings: {action_samples: 30}}
"""


def write(config: Path, variants: str, own: str = "") -> None:
    file = config / "study.yaml"
    file.write_text(file.read_text().replace("[paper, late]", variants) + own)


def test_they_build_on_the_variants_of_all_studies_and_on_each_other(config: Path) -> None:
    write(config, "[paper, latest]", OWN)
    study = load(config)
    late = {"dual": "stable", "epsilon": 0.2}
    assert list(study.variants) == ["paper", "latest"]
    assert study.variants["latest"].settings == late | {"batch_size": 64, "action_samples": 30}
    assert study.settings["hop", "latest"].batch_size == 64
    assert study.manifest()["variants"]["latest"]["settings"] == study.variants["latest"].settings


def test_a_pattern_stands_for_all_that_it_fits_once(config: Path) -> None:
    write(config, '[paper, "lat*", later]', OWN)
    assert list(load(config).variants) == ["paper", "late", "later", "latest"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("base: late\n", "base: lat\n", "own_variants.later.base: 'lat' .* did you mean late?"),
        ("  later:", "  late:", "own_variants.late: 'late' .* has a variant of that name"),
        ("batch_size: 64", "batch_size: 0", r"own_variants.later.settings.batch_size: 0 "),
        ("    source: ours\n", "", "own_variants.later.source: nothing .* required"),
    ],
)
def test_a_fault_is_named_where_it_stands(config: Path, old: str, new: str, said: str) -> None:
    write(config, "[paper, latest]", OWN.replace(old, new, 1))
    with pytest.raises(ConfigError, match=f"study.yaml: {said}"):
        load(config)


def test_what_an_entry_stands_for_replaces_no_variant_of_all_studies(config: Path) -> None:
    """`late` has a trick `few` in variants.yaml, and a study's own variant one of that name too."""
    known = config / "variants.yaml"
    entry = {"change": "fewer", "settings": {"action_samples": 10}}
    content = yaml.safe_load(known.read_text())
    content["shipped"] = {"base": "late", "change": "-", "source": "-", "tricks": {"few": entry}}
    known.write_text(yaml.safe_dump(content, sort_keys=False))
    own = {"mine": {"base": "late", "change": "-", "source": "-", "tricks": {"few": entry}}}
    write(config, "[paper, mine]", "\n" + yaml.safe_dump({"own_variants": own}))
    said = r"own_variants\.late_with_few: .* mine\.tricks stands for a variant of this name"
    with pytest.raises(ConfigError, match=said):
        load(config)


def test_a_pattern_that_fits_nothing_is_refused(config: Path) -> None:
    write(config, '[paper, "never*"]')
    with pytest.raises(
        ConfigError, match=r"variants\.1: 'never\*' .* known are early, late, paper"
    ):
        load(config)
