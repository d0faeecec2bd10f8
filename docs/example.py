"""Results in a notebook or a script: tidy frames, and figures as functions of frames.

    python docs/example.py results/smoke [FOLDER]

reads a finished study and writes a table and a figure of one's own beside two of the study's.
"""

import sys
from pathlib import Path

from mpo.evaluation import load, read_frames
from mpo.evaluation.showing import figures

study_dir = sys.argv[1] if len(sys.argv) > 1 else "results/smoke"
folder = Path(sys.argv[2] if len(sys.argv) > 2 else ".")
folder.mkdir(parents=True, exist_ok=True)

# The logs, checked against the study's manifest: one row a run, an episode, a logged interval.
study = load(study_dir)
print(study.runs[["task", "variant", "seed", "status", "updates", "cpu_s"]].to_string(index=False))

# A question of one's own: how far the temperature of each variant moves, over all of its runs.
moved = study.training.groupby(["task", "variant"])["temperature"].agg(["min", "median", "max"])
print(moved.to_string(float_format="%.3g"))
moved.to_csv(folder / "temperature_range.csv", float_format="%.6g")

# What the study computed of them: scores, intervals, curves.
frames = read_frames(study_dir)
scores = frames.scores.pivot_table(index="task", columns="variant", values="score", sort=False)
print(scores.to_string(float_format="%.3f"))

# Each figure is a function from frames to a matplotlib Figure, free to be changed and kept.
curves = figures.draw("learning_curves", frames)
curves.suptitle(f"Learning curves of the study {frames.manifest.study}")
curves.savefig(folder / "learning_curves.pdf")
print(figures.caption("learning_curves", frames))
