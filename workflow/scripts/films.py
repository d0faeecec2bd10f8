"""Films the median run of each task and variant of a study, and writes films.md.

Where this machine cannot render, the section says what is missing, and nothing else fails.
"""

import argparse
import sys
from pathlib import Path

from mpo.evaluation import read_frames
from mpo.evaluation.reading.frames import write_text
from mpo.evaluation.showing import filmed
from mpo.training.films import NoOpenGL, render

WIDTH, SECONDS, RATE = 120, 5.0, 10.0

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
folder = parser.parse_args().study
frames = read_frames(folder)
(folder / "films").mkdir(exist_ok=True)  # there even where nothing can be filmed
made = set()
text = None
for (task, variant), seed in filmed.median_runs(frames).items():
    run = folder / f"runs/{task}/{variant}/{seed}"
    try:
        render(run, folder / filmed.file_of(task, variant), 0, WIDTH, SECONDS, RATE)
    except NoOpenGL as error:
        print(error, file=sys.stderr)
        text = f"No films were made: {error}.\n"
        break
    made.add((task, variant))
write_text(text or filmed.section(frames, made, SECONDS), folder / "films.md")
