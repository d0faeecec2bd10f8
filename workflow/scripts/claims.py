"""Judges the claims of a file by a study's runs: tables/claims.csv, .md and .tex."""

import argparse
import sys
from pathlib import Path

from mpo.evaluation.claims import claims_of
from mpo.evaluation.showing.claims.files import make
from mpo.study.claims import load_claims
from mpo.study.yaml_files import ConfigError

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("claims", type=Path, help="file of the claims, config/claims.yaml")
parser.add_argument("study", type=Path, help="folder of the study, as results/smoke")
chosen = parser.parse_args()

try:
    entries = load_claims(chosen.claims)
except ConfigError as error:
    sys.exit(str(error))
make(claims_of(entries), chosen.study)
