"""dm_control's tasks where labmaze is missing: nothing is printed, and asked for it is told."""

import subprocess
import sys

WITHOUT_LABMAZE = "import sys; sys.modules['labmaze'] = None\n"


def said(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LABMAZE + code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_suite_is_registered_without_a_word_about_locomotion() -> None:
    code = "import mpo.training.environment as e; e.Environment('dm_control/cartpole-balance-v0')"
    assert said(code) == ""


def test_shimmy_still_says_it_by_itself() -> None:
    """Else nothing is kept away, and this module with its test can go."""
    assert "locomotion" in said("import shimmy")


def test_a_locomotion_task_is_refused_with_what_it_lacks() -> None:
    code = (
        "from mpo.training.environment import Environment, EnvironmentFault\n"
        "try: Environment('dm_control/RodentEscapeBowl-v0')\n"
        "except EnvironmentFault as fault: print(fault)"
    )
    assert "labmaze is missing: pip install 'labmaze'" in said(code)
