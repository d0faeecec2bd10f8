# A reference harness for MPO, from training to the report: `snakemake --cores 16` runs the default
# study, config/study.yaml; `--configfile config/smoke.yaml` names another one. With
# `--config train=false` the runs and their manifest are taken as they lie in results/.
import os
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")


report: "workflow/report/workflow.rst"


# Paths here and in the rules are from the project's folder, wherever Snakemake was started;
# --directory goes before this.
workdir: workflow.basedir


# From here on, since the working directory says which project counts.
from mpo.study.config import ConfigError, load_study, without_switch
from mpo.settings import OptionError
from mpo.settings.digests import script_digest

# Every config file is read and checked here, before there is a graph.
if len(workflow.configfiles) > 1:
    sys.exit("--configfile: a study is one file; got " + " ".join(map(str, workflow.configfiles)))
STUDY_FILE = os.path.relpath(next(iter(workflow.configfiles), "config/study.yaml"))
try:
    TRAIN, OVERRIDES = without_switch("train", workflow.config_settings.config_args or [])
    STUDY = load_study(STUDY_FILE, OVERRIDES)
    RUNS = STUDY.runs  # for which the code of each variant is read
except (ConfigError, OptionError) as error:
    sys.exit(str(error))

if not workflow.configfiles:

    configfile: "config/study.yaml"


DIR = STUDY.folder


rule all:
    default_target: True
    input:
        f"{DIR}/report.html",
        [f"{DIR}/{run.path}/run.json" for run in RUNS],  # deleted ones are trained again


include: "workflow/rules/common.smk"


if TRAIN:

    include: "workflow/rules/train.smk"
    include: "workflow/rules/films.smk"

    for extra in sorted(Path("workflow/rules/extra").glob("*.smk")):

        include: str(extra)


for name, entry in STUDY.variants.items() if TRAIN else ():
    if entry.external and not workflow.is_rule(entry.rule):
        sys.exit(
            f"{entry.external[0]}: a rule {entry.rule} is required: variant {name} is external"
        )


include: "workflow/rules/evaluate.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/tables.smk"


if STUDY.theory:

    include: "workflow/rules/theory.smk"


include: "workflow/rules/claims.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/report.smk"
