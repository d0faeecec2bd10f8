"""Films the median run of each task and variant of a study, and writes films.md.

A film that cannot be made has its line there, which says why, and nothing else fails.
"""

import argparse
import signal
import sys
from pathlib import Path

from mpo.evaluation import read_frames
from mpo.evaluation.reading.frames import write_text
from mpo.evaluation.showing import filmed
from mpo.evaluation.showing.failures import Absent, Exhibit, Failure, attempt, record, tried
from mpo.rundir import POLICY

WIDTH, SECONDS, RATE = 120, 5.0, 10.0
FILMS = Exhibit("section", "films", "films", ("films.md",))
ON_REQUEST = (signal.SIGINT, signal.SIGTERM)

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
parser.add_argument("--ended", type=int, help="status with which this script ended before")
chosen = parser.parse_args()


def film(task: str, variant: str, seed: int) -> None:
    from mpo.training.films import NoPictures, render
    from mpo.training.replaying import NotPlayable

    run = chosen.study / f"runs/{task}/{variant}/{seed}"
    if not (run / POLICY).is_file():
        raise Absent("no policy lies beside the run, as none is shipped")
    try:
        render(run, chosen.study / filmed.file_of(task, variant), 0, WIDTH, SECONDS, RATE)
    except (NoPictures, NotPlayable) as error:
        raise Absent(str(error)) from None


def film_all() -> None:
    """Every film, and the section, with the reason in place of a film that there is not."""
    runs = filmed.median_runs(frames)
    for (task, variant), seed in runs.items():
        if failure := tried(lambda task=task, name=variant, seed=seed: film(task, name, seed)):
            failures[task, variant] = failure
    why = {pair: failure.why for pair, failure in failures.items()}
    write_text(filmed.section(frames, why, SECONDS), chosen.study / "films.md")


def crash() -> None:
    """What a library of the graphics driver that took the process down raises in its place."""
    raise RuntimeError(f"rendering ended the process by {signal.Signals(chosen.ended - 128).name}")


frames = read_frames(chosen.study)
failures: dict[tuple[str, str], Failure] = {}
(chosen.study / "films").mkdir(exist_ok=True)  # there even where nothing can be filmed
if chosen.ended is None:
    attempt(FILMS, chosen.study, film_all)
    faults = [failure for failure in failures.values() if failure.traceback]
    if faults:
        record(FILMS, chosen.study, faults[0]._replace(partly=True))
elif chosen.ended > 128 and chosen.ended - 128 not in ON_REQUEST:
    attempt(FILMS, chosen.study, crash)
else:
    sys.exit(chosen.ended)
