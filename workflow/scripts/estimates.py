"""Writes estimates/*.csv of a study: what its runs say together, with intervals."""

import argparse
from pathlib import Path

from mpo.evaluation.estimates import (
    aggregate,
    by_task,
    curve_estimates,
    improvements,
    profiles,
)
from mpo.evaluation.frames import read_csv, write_csv
from mpo.evaluation.manifest import read_manifest

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
folder = parser.parse_args().study

manifest = read_manifest(folder)
scores, curves = read_csv(folder / "scores.csv"), read_csv(folder / "curves.csv")
write_csv(aggregate(manifest, scores), folder / "estimates/aggregate.csv")
write_csv(by_task(manifest, scores), folder / "estimates/by_task.csv")
write_csv(curve_estimates(manifest, curves), folder / "estimates/curves.csv")
write_csv(improvements(manifest, scores), folder / "estimates/improvement.csv")
write_csv(profiles(manifest, scores), folder / "estimates/profiles.csv")
