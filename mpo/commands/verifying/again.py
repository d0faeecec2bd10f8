"""Runs of a study trained again from scratch: bytes, and where they cannot be promised, scores."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from math import isnan
from pathlib import Path
from typing import Any, NamedTuple

import click

from mpo.commands.verifying.retraining import train, unlike
from mpo.rundir import COMPLETED, EVALUATIONS, RUN, checksum, trained_by
from mpo.rundir.held import HELD_TO_BYTES
from mpo.settings import settings
from mpo.settings.digests import code_digest
from mpo.settings.equality import equal_codes, equalities, manifest_of


class Again(NamedTuple):
    """One run beside its second training."""

    run_dir: Path
    other: tuple[str, ...]
    """Files of `HELD_TO_BYTES` that came out otherwise."""
    unlike: str
    """How machine and versions differ, which promises no equal bytes; empty where they do not."""
    returns: tuple[float, float]
    """The mean over the last evaluations, then and now; NaN where there was none."""
    ended: tuple[str, str] = (COMPLETED, COMPLETED)
    """How, then and now."""

    def faults(self) -> Iterator[str]:
        """A line a file that came out otherwise."""
        why = self.unlike or "on the same machine and versions"
        for file in self.other:
            yield f"{self.run_dir / file}: another one came out ({why})"


def trained_again(run_dir: Path) -> Again | str:
    """The run of `run_dir` trained again; the reason where today's code is another than its own."""
    run = json.loads((run_dir / RUN).read_text())
    chosen = settings(run["settings"])
    shown = equalities(manifest_of(run_dir))
    today = code_digest(chosen, cohort="cohort" in run)
    if today not in equal_codes(shown, run["task"], run["variant"], run["code_digest"]):
        return (
            f"{run_dir}: trained by other code than today's ({run['code_digest'][:12]}, now "
            f"{today[:12]}); get {trained_by(run)} to train it again"
        )
    click.echo(f"training {run_dir} again, {run['steps']:,} steps; {run['cpu_s']:.0f} s then")
    with tempfile.TemporaryDirectory() as name:
        out = Path(name, "run")
        train(run, chosen.differences(), out, Path(name, "state"), fresh=True)
        then = {file: _sum(run, run_dir, file) for file in HELD_TO_BYTES}
        other = [file for file in then if checksum((out / file).read_bytes()) != then[file]]
        returns = (_last_return(run_dir), _last_return(out))
        now = json.loads((out / RUN).read_text())
        told, ended = unlike(run, now), (run["status"], now["status"])
    equal = [file for file in HELD_TO_BYTES if file not in other]
    click.echo(f"equal by byte: {', '.join(equal) or 'nothing'}")
    return Again(run_dir, tuple(other), told, returns, ended)


def together(found: Sequence[Again]) -> Iterator[str]:
    """What is wrong with runs drawn at random; says what they come to together.

    Where machine or versions differ, bytes may, and the mean difference of returns, run by run and
    relative to the larger of the two, is held against its 95 % interval instead; one such run alone
    has none, and is held to bytes. A run that ended
    otherwise is a fault by itself; one without returns, as it diverged before any, has no part.
    """
    from mpo.evaluation.estimating.contrasts import contrast

    promised = [again for again in found if not again.unlike]
    others = [again for again in found if again.unlike and not isnan(sum(again.returns))]
    for again in found:
        if again.unlike and again.ended[0] != again.ended[1]:
            then, now = again.ended
            yield f"{again.run_dir}: {now} now, {then} then ({again.unlike})"
    if promised:
        equal = sum(not again.other for again in promised)
        click.echo(f"{equal} of {len(promised)} runs are equal by byte")
        for again in promised:
            yield from again.faults()
    if len(others) > 1:
        import numpy as np

        pairs = np.array([again.returns for again in others])
        relative = (pairs[:, 1] - pairs[:, 0]) / np.abs(pairs).max(1).clip(min=1e-9)
        effect = contrast([(relative,)])
        low, high = map(float, effect.interval())
        mean = float(relative.mean())
        told = f"{100 * mean:+.1f} % of the return [{100 * low:+.1f}, {100 * high:+.1f}]"
        click.echo(f"{len(others)} runs on another machine or versions: now less then {told}")
        if low > 0 or high < 0:
            yield f"{len(others)} runs on another machine end elsewhere than they did: {told}"
    elif others:  # whose return alone has no interval to be held against
        (alone,) = others
        click.echo(f"{alone.run_dir}: one run alone on another machine or versions")
        yield from alone.faults()


def _sum(run: dict[str, Any], run_dir: Path, file: str) -> str:
    return run.get("files", {}).get(file) or checksum((run_dir / file).read_bytes())


def _last_return(run_dir: Path) -> float:
    import pandas as pd

    from mpo.evaluation.reading.scales import LAST

    rows = pd.read_csv(run_dir / EVALUATIONS)
    return float(rows.groupby("step")["return"].mean().tail(LAST).mean())
