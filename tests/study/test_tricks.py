"""The tricks of a variant: what each of the generated variants is, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from mpo.settings import settings
from mpo.study.entries import Variant, load_variants
from mpo.study.yaml_files import ConfigError

CLIP = {"change": "clipped", "settings": {"policy_gradient_clip": 1.0}}
DIAGONAL = {"change": "a diagonal", "settings": {"covariance": "diagonal"}}
BOUNDS = {
    "change": "a bound each",
    "settings": {"kl": "per_dimension", "epsilon_mean": 0.01},
    "needs": ["diagonal"],
}


def loaded(folder: Path, tricks: Any, base: str | None = "middle", **more: Any) -> dict:
    entry = {"change": "all of them", "source": "ours", "tricks": tricks}
    content = {
        "paper": {"change": "-", "source": "P1"},
        "middle": {
            "base": "paper",
            "change": "-",
            "source": "-",
            "settings": {"epsilon_mean": 0.2, "epsilon": 0.2},
        },
        "top": {**entry, **({"base": base} if base else {})},
        **more,
    }
    file = folder / "variants.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return load_variants(file)


def test_each_is_added_alone_and_left_out_alone(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"clip": CLIP, "diagonal": DIAGONAL, "bounds": BOUNDS})
    middle = {"epsilon_mean": 0.2, "epsilon": 0.2}
    diagonal, clip = DIAGONAL["settings"], CLIP["settings"]
    bounds = {"kl": "per_dimension", "epsilon_mean": 0.01}
    top = middle | clip | diagonal | bounds
    expected = {
        "top": top,
        "middle_with_clip": middle | clip,
        "top_without_clip": middle | diagonal | bounds,
        "middle_with_diagonal": middle | diagonal,
        "top_without_diagonal": middle | clip,  # the bounds need it
        "middle_with_bounds": middle | diagonal | bounds,
        "top_without_bounds": middle | clip | diagonal,
    }
    assert {name: found[name].settings for name in list(found)[2:]} == expected
    assert [name for name, variant in found.items() if variant.generated] == list(expected)[1:]
    assert found["middle_with_bounds"].base == "middle"
    assert found["middle_with_bounds"].rung == ("top", "bounds", True)
    assert found["top_without_bounds"].rung == ("top", "bounds", False)
    assert found["top_without_bounds"].base == "top"
    assert found["top_without_diagonal"].change == "all but: a diagonal and a bound each"


def test_what_is_based_on_it_has_all_of_them(tmp_path: Path) -> None:
    above = {"base": "top", "change": "-", "source": "-", "settings": {"backup": "soft"}}
    found = loaded(tmp_path, {"clip": CLIP}, above=above)
    assert found["above"].settings == {**found["top"].settings, "backup": "soft"}


@pytest.mark.parametrize(
    ("tricks", "said"),
    [
        ({"bounds": BOUNDS}, r"top\.tricks\.bounds\.needs\.0: 'diagonal' is not allowed"),
        (
            {"one": CLIP, "two": CLIP},
            r"top\.tricks\.two\.settings\.policy_gradient_clip: 1\.0 .* "
            r"top\.tricks\.one\.settings\.policy_gradient_clip sets it already",
        ),
        (
            {"clip": {"change": "-", "settings": {"policy_gradient_clip": -1.0}}},
            r"top\.tricks\.clip\.settings\.policy_gradient_clip: -1\.0 is not allowed",
        ),
        (
            {"clip": {"settings": {"epsilon": 0.1}}},
            r"top\.tricks\.clip\.change: nothing .* required",
        ),
    ],
)
def test_a_fault_is_named_where_it_stands(tmp_path: Path, tricks: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        loaded(tmp_path, tricks)


def test_it_needs_a_base_and_free_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"top\.tricks: .* needs a base"):
        loaded(tmp_path, {"clip": CLIP}, base=None)
    taken = {"base": "paper", "change": "-", "source": "-"}
    with pytest.raises(ConfigError, match=r"middle_with_clip: .* another name"):
        loaded(tmp_path, {"clip": CLIP}, middle_with_clip=taken)
    twin = {"base": "middle", "change": "-", "source": "-", "tricks": {"clip": CLIP}}
    with pytest.raises(ConfigError, match=r"middle_with_clip: .* twin\.tricks stands for"):
        loaded(tmp_path, {"clip": CLIP}, twin=twin)


def test_those_that_are_shipped_are_allowed_and_differ() -> None:
    variants = load_variants()
    generated = {n: v for n, v in variants.items() if v.generated}
    assert generated

    def chosen(variant: Variant) -> dict[str, Any]:
        return settings(variant.settings).differences()

    for name, variant in generated.items():
        assert variant.base
        assert chosen(variant) != chosen(variants[variant.base]), name
