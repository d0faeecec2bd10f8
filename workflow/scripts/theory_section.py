"""Writes theory/section.md, the report's section, from the errata and figures of the theory."""

import argparse
from pathlib import Path

from mpo.evaluation.reading.frames import write_text
from mpo.theory.section import section

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
folder = parser.parse_args().study

write_text(section(folder), folder / "theory/section.md")
