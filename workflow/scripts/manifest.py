"""Writes a study's manifest.json: every run that it asks for, with the digests it must carry."""

import argparse
import sys
from pathlib import Path

from mpo.settings import SettingsError
from mpo.study.config import ConfigError, load_study

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("config", type=Path, help="file of the study, as config/smoke.yaml")
parser.add_argument("overrides", nargs="*", help="keys to replace, as seeds=[0,1]")
chosen = parser.parse_args()

try:
    study = load_study(chosen.config, chosen.overrides)
    study.write_manifest(Path(study.folder, "manifest.json"))
except (ConfigError, SettingsError) as error:
    sys.exit(str(error))
