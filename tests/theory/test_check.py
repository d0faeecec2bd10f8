import pytest

from mpo.theory.check import Check


def check(printed, correct):
    return Check(1, "", "", "", "", printed, correct, 1e-3, "")


@pytest.mark.parametrize(
    ("printed", "correct", "verdict"),
    [
        (1.0, 1e-4, "confirmed"),
        (1e-4, 1.0, "refuted"),
        (1e-2, 1e-4, "undecided"),
        (1.0, 1e-2, "undecided"),
        (1e-4, 1e-4, "undecided"),
        (float("nan"), 1e-4, "undecided"),
        (1.0, float("nan"), "undecided"),
        (float("inf"), 1e-4, "confirmed"),
    ],
)
def test_verdict_follows_from_the_errors(printed, correct, verdict):
    assert check(printed, correct).verdict == verdict
