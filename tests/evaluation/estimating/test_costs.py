"""Costs are compared on one kind of processor only."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from mpo.evaluation.estimating.costs import relative

FLAGS = {"narrow": ["avx2"], "wide": ["avx2", "avx512f"]}


def runs(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "task": "a-task",
            "variant": variant,
            "machine": json.dumps({"cpu": cpu} if cpu else {}),
            "ms_per_update": ms,
        }
        for cpu, variant, ms in rows
    )


def test_a_slower_processor_is_no_cost_of_the_variant_that_it_trained() -> None:
    made = runs(("slow", "ours", 6.0), ("fast", "base", 1.0), ("fast", "ours", 1.5))
    assert relative(made, "ours", "base").to_dict() == {"a-task": 1.5}
    both = runs(*[("slow", "base", 5.0), ("slow", "ours", 6.0), ("fast", "ours", 1.0)])
    assert relative(both, "ours", "base")["a-task"] == pytest.approx(1.2)


def test_processors_of_one_name_are_of_two_kinds_where_they_execute_other_instructions() -> None:
    kinds = {name: json.dumps({"cpu": "one", "flags": flags}) for name, flags in FLAGS.items()}
    made = runs(*[("", "ours", 6.0), ("", "base", 1.0), ("", "ours", 1.5)])
    told = made.assign(machine=[kinds["narrow"], kinds["wide"], kinds["wide"]])
    assert relative(told, "ours", "base").to_dict() == {"a-task": 1.5}


def test_where_no_processor_trained_both_there_is_no_ratio() -> None:
    made = runs(("slow", "ours", 6.0), ("fast", "base", 1.0))
    assert relative(made, "ours", "base").isna().to_dict() == {"a-task": True}
    assert relative(made, "ours", None).isna().all()
    assert relative(made, "ours", "another").isna().all()


def test_runs_that_do_not_say_their_processor_are_taken_for_one_kind() -> None:
    made = runs(("", "ours", 3.0), ("", "base", 2.0), ("", "base", 4.0))
    assert relative(made, "ours", "base")["a-task"] == pytest.approx(1.0)
