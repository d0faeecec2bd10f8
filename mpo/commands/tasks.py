"""`task`: an environment as an entry of `config/tasks.yaml`."""

import re
from typing import Any

import click

from mpo.commands import InputError
from mpo.settings import settings

STEPS = 1_000_000
"""The budget that an entry begins with."""
ENTRY = """\
# {observations}, {actions}, episodes of {limit:,} {step} at most
# uniformly random actions: a mean return of {uniform:.6g} over {episodes}
{alias}:
  environment: {environment}
  steps: {steps}
{more}{scores}"""
RANGE = """\
  score_range: [{low}, {high:g}]
  reference: uniformly random actions to {high_source}
"""
RELATIVE = """\
  # Scores are relative to the best run of a study, once the uniform policy is measured for them:
  #   python -m mpo evaluate --policy uniform --task {alias} --csv config/random_scores.csv
  # or, where HIGH is the return of a good policy, and known from somewhere:
  # score_range: [{low}, HIGH]
  # reference: uniformly random actions to HIGH, and where that is from
"""


@click.command()
@click.argument("environment", metavar="ID")
@click.option(
    "--episodes",
    default=25,
    type=click.IntRange(1),
    help="Episodes to measure the uniform policy by.",
)
@click.option("--seed", default=0, type=click.IntRange(0, 2**32 - 1), help="Seed of the episodes.")
@click.option("--episode-steps", type=click.IntRange(1), help="Control steps that cut an episode.")
def task(environment: str, episodes: int, seed: int, episode_steps: int | None) -> None:
    """Print the entry for config/tasks.yaml of the Gymnasium environment ID.

    With its sizes, its time limit, and the mean return of uniformly random actions, measured.
    """
    fields: dict[str, Any] = {"environment": environment}
    if episode_steps:
        fields["episode_steps"] = episode_steps
    chosen = settings(fields)
    from mpo.evaluation.showing.wording import count
    from mpo.training.describing import describe
    from mpo.training.environment import Diverged

    try:
        found = describe(chosen, episodes, seed)
    except (ValueError, Diverged) as error:
        raise InputError(str(error)) from None
    known = found.high is not None and found.high > found.uniform
    told = {
        **found._asdict(),
        "observations": count(found.observation_size, "observation"),
        "actions": count(found.action_size, "action"),
        "step": "step" if found.limit == 1 else "steps",
        "episodes": count(episodes, "episode"),
        "alias": alias_of(environment),
        "environment": environment,
        "low": f"{found.uniform:.4g}",
        "steps": STEPS,
        "more": f"  episode_steps: {episode_steps}\n" if episode_steps else "",
    }
    scores = (RANGE if known else RELATIVE).format(**told)
    click.echo(ENTRY.format(**told, scores=scores), nl=False)


def alias_of(environment: str) -> str:
    """A name for folders: the id past its module and namespace; dm_control's without a version."""
    name = re.split("[:/]", environment)[-1]
    name = re.sub(r"-v\d+$", "", name) if "dm_control/" in environment else name
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)
