"""YAML as this project reads it: numbers are numbers, and equal keys are a fault."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mpo.study.yaml_files import SCHEMAS, ConfigError, parse, read, suggestion

FILE = Path("some.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("-2.5E+3", -2500.0),
        ("3.e-2", 0.03),
        ("1e6", 1_000_000),
        ("1.5", 1.5),
        ("1.", 1.0),
        ("+.5", 0.5),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("1e999", math.inf),
        ("010000", 10_000),
        ("007", 7),
        ("[010]", [10]),
        ("0o17", 15),
        ("0x1F", 31),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("Null", None),
        ("[1e-4, a]", [1e-4, "a"]),
        ("!!int 010", 10),
        ("!!float 1", 1.0),
        ("!!str 010", "010"),
    ],
)
def test_a_scalar_is_what_it_looks_like(text: str, value: object):
    found = parse(text, FILE)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("10_000", "0b1", "0o9", "0x", "1e", "1e+", "1e-4x", "e5", "1:30", "1:30.5", "١٢"),
        *("yes", "No", "ON", "off", "y", "n", "tRUE", "2001-01-01", "2001-01-01T00:00:00Z"),
        *("None", "NA", "nan", "inf", ".Nan", ".iNF", "nULL", ".", "+", "=", "<<"),
    ],
)
def test_what_no_number_of_yaml_12_looks_like_is_text(text: str):
    assert parse(text, FILE) == text


@given(st.integers(-(10**30), 10**30), st.integers(0, 5))
def test_an_integer_is_read_in_decimal_whatever_zeros_precede_it(value: int, zeros: int):
    sign = "-" if value < 0 else ""
    assert parse(f"{sign}{'0' * zeros}{abs(value)}", FILE) == value


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "S", "P"]), min_size=1))
def test_a_key_is_the_text_that_stands_there(name: str):
    quoted = json.dumps(name)
    assert parse(f"{quoted}: 1", FILE) == {name: 1}
    assert parse("007: 1\n1e3: 2\nTrue: 3\n~: 4\nno: 5\n0x1: 6", FILE) == {
        "007": 1, "1e3": 2, "True": 3, "~": 4, "no": 5, "0x1": 6
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("!!int 0b1", "this is no int"),
        ("!!bool yes", "this is no bool"),
        ("!!timestamp 2001-01-01", "could not determine a constructor"),
        ("!!set {a}", "could not determine a constructor"),
        ("1" * 5000, "this is no int"),
        ("!!python/none x: 1", "could not determine a constructor"),
        ("? [a, b]\n: 1", "a key must be a word"),
    ],
)
def test_a_tag_makes_nothing_of_what_is_not_its_type(text: str, allowed: str):
    with pytest.raises(ConfigError, match=allowed) as caught:
        parse(text, FILE)
    assert len(str(caught.value)) < 250


@given(st.floats(allow_nan=False))
def test_a_float_as_python_writes_it_reads_back(value: float):
    text = repr(value) if math.isfinite(value) else "-.inf" if value < 0 else ".inf"
    found = parse(f"x: {text}", FILE)["x"]
    assert isinstance(found, int | float)
    assert found == value


def test_equal_keys_are_a_fault_wherever_they_stand():
    with pytest.raises(ConfigError, match=r"^some\.yaml: line 3: 'x' is not allowed; the key st"):
        parse("a:\n  - x: 1\n    x: 1\n", FILE)
    with pytest.raises(ConfigError, match="the key stands there twice, first on line 1"):
        parse("{x: 1, y: 2, x: 3}", FILE)
    with pytest.raises(ConfigError, match=r"^some\.yaml: line 2: '1' is not allowed; the key st"):
        parse("1: a\n'1': b", FILE)


@pytest.mark.parametrize("text", ["a: [1", "a: b: c", "\ta: 1", "a: *nowhere", "!!python/none x"])
def test_what_is_not_yaml_is_one_line(text: str):
    with pytest.raises(ConfigError) as caught:
        parse(text, FILE)
    assert str(caught.value).startswith("some.yaml: line 1: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        "!!python/object/apply:os.system ['touch {}']",
        "!!python/object/new:subprocess.Popen [['touch', '{}']]",
        "!!python/name:os.system",
        "!!python/module:antigravity",
    ],
)
def test_nothing_in_a_file_is_executed(call: str, tmp_path: Path):
    touched = tmp_path / "executed"
    with pytest.raises(ConfigError, match="not YAML: could not determine a constructor"):
        parse(f"study: {call.format(touched)}", FILE)
    assert not touched.exists()


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("a: &a [*a]", "100,000 values at most"),
        (
            "a0: &a0 [x, x]\n"
            + "\n".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 90)),
            "100,000 values at most",
        ),
        ("a: " + "[" * 20_000, "nested too deeply"),
    ],
    ids=["in a circle", "doubled again and again", "nested"],
)
def test_a_file_made_to_fill_the_memory_is_refused(text: str, allowed: str):
    with pytest.raises(ConfigError, match=allowed):
        parse(text, FILE)


def test_a_file_that_is_not_text_is_one_line(tmp_path: Path):
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="it cannot be read: not UTF-8"):
        read(tmp_path / "binary.yaml")


def test_a_suggestion_names_the_nearest_only_where_there_is_one():
    assert suggestion("hubr", ["paper", "huber"], "variant") == (
        "there is no such variant; did you mean huber? known are huber, paper"
    )
    assert "did you mean" not in suggestion("xyz", ["paper", "huber"], "variant")
    assert suggestion("xyz", [], "study") == "there is no such study; known are none yet"


@pytest.mark.parametrize("file", sorted(SCHEMAS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_part_of_a_schema_says_what_is_allowed(file: Path):
    def parts(schema: dict):
        yield schema
        for key in ("items", "propertyNames", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                yield from parts(schema[key])
        for inner in schema.get("properties", {}).values():
            yield from parts(inner)

    for part in parts(yaml.safe_load(file.read_text())):
        assert part.get("description"), part


def test_a_file_that_is_not_here_is_the_project_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    smoke = Path("config/smoke.yaml")
    assert read(smoke)["study"] == "smoke"
    smoke.parent.mkdir()
    smoke.write_text("study: mine")
    assert read(smoke) == {"study": "mine"}
    with pytest.raises(ConfigError, match=r"^config/nothing\.yaml: .* it cannot be read: No such"):
        read(Path("config/nothing.yaml"))


@pytest.mark.parametrize("given", ["smoke", "smoke.yaml", "results/smoke", "folder/smoke"])
def test_a_study_s_name_or_folder_leads_to_its_file(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("results/smoke").mkdir(parents=True)
    with pytest.raises(
        ConfigError, match=r"cannot be read: .*; did you mean config/smoke\.yaml\?$"
    ):
        read(Path(given))
