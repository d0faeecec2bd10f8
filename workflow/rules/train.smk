# From the configuration to runs: the manifest of all that is asked for, and one rule a variant,
# train_<variant>, with a job a run or, where its seeds are trained as one, a job a task. The digests
# in a rule's parameters make Snakemake train anew the runs whose settings or code changed, and no
# others; code that is shown equal is no other code.
import functools
import hashlib
import json

from mpo.study.resources import asked, asked_by_cohort, read_rates
from mpo.study.study import standing

try:
    STANDING = {run.path: run for run in standing(STUDY.runs, Path(DIR))}
    RATES = read_rates(Path(DIR))
except ValueError as error:
    sys.exit(str(error))


if STUDY.tensorboard:  # not in a rule's command, whose change would train all runs anew
    os.environ["MPO_TENSORBOARD"] = os.path.abspath(STUDY.tensorboard)


localrules:
    manifest,


rule manifest:
    output:
        update(f"{DIR}/manifest.json"),  # not deleted before: it keeps which codes are equal
    log:
        f"{DIR}/logs/manifest.log",
    params:
        file=STUDY_FILE,
        overrides=OVERRIDES,
        digest=hashlib.sha256(json.dumps(STUDY.manifest()).encode()).hexdigest(),
    shell:
        "python workflow/scripts/manifest.py {params.file:q} {params.overrides:q} 2> {log}"


onstart:
    # In a fresh clone Snakemake has no history by which to see that the parameters of a shipped
    # study's manifest changed; it would train new runs and hold them against the old manifest.
    STUDY.mend_manifest(Path(DIR, "manifest.json"))


def run_outputs(variant):
    """The files of a run of `variant`, as a rule's outputs."""
    folder = f"{DIR}/runs/{{task}}/{variant}/{{seed}}"
    return {key: f"{folder}/{name}" for key, name in RUN_FILES.items()}


def run_params(variant):
    """The parameters of a run of `variant`, as a rule's `params`: functions of its wildcards."""
    external = STUDY.variants[variant].external

    def run(wildcards):
        return STANDING[STUDY.run(wildcards.task, variant, wildcards.seed).path]

    return {
        "variant": variant,
        "study_seed": STUDY.study_seed,
        "settings": lambda wildcards: json.dumps(run(wildcards).settings.differences()),
        "settings_digest": lambda wildcards: run(wildcards).settings_digest,
        "code_digest": lambda wildcards: run(wildcards).code_digest,
        "state": lambda wildcards: run(wildcards).state,
        "out": lambda wildcards: f"{DIR}/{run(wildcards).path}",
        # all of it, as rundir.foreign_run takes it; MPO's own rules have done without
        **({"run": lambda wildcards: STUDY.asked(run(wildcards)).written()} if external else {}),
    }


def run_threads(variant, asks=None):
    """The threads of a run of `variant`, as a rule's `threads`; or of what `asks` for others."""
    asks = asks or run_asks
    return lambda wildcards: asks(variant, wildcards).threads


def run_resources(variant, asks=None):
    """What a run of `variant` asks of a cluster, as a rule's `resources`; more at each try."""
    asks = asks or run_asks

    def memory(wildcards, attempt):
        return asks(variant, wildcards).mem_mb * attempt

    def minutes(wildcards, attempt):
        return asks(variant, wildcards).runtime * attempt

    def gpus(wildcards):
        return asks(variant, wildcards).gpu

    return {"mem_mb": memory, "runtime": minutes, "gpu": gpus}


def run_asks(variant, wildcards):
    """From the run's own settings and what was measured (`mpo.study.resources`)."""
    return _asked(wildcards.task, variant)


@functools.cache
def _asked(task, variant):
    return asked(task, variant, STUDY.settings[task, variant], RATES)


def cohort_outputs(variant):
    """The files of all runs of `variant` on a task, as a rule's outputs."""
    folder = f"{DIR}/runs/{{task}}/{variant}"
    return [f"{folder}/{seed}/{name}" for seed in STUDY.seeds for name in RUN_FILES.values()]


def cohort_params(variant):
    """The parameters of a cohort: those of its runs, of which the settings are the same."""
    one = run_params(variant)

    def each(key):
        def values(wildcards):
            runs = (STUDY.run(wildcards.task, variant, seed) for seed in STUDY.seeds)
            return [getattr(STANDING[run.path], key) for run in runs]

        return values

    def settings(wildcards):
        return json.dumps(STUDY.settings[wildcards.task, variant].differences())

    return {
        "variant": variant,
        "study_seed": one["study_seed"],
        "seeds": ",".join(map(str, STUDY.seeds)),
        "settings": settings,
        "settings_digest": each("settings_digest"),
        "code_digest": each("code_digest"),
        "out": lambda wildcards: f"{DIR}/runs/{wildcards.task}/{variant}",
    }


def cohort_asks(variant, wildcards):
    """What a cohort asks for, from its runs' settings and what was measured."""
    chosen = STUDY.settings[wildcards.task, variant]
    return asked_by_cohort(wildcards.task, variant, chosen, RATES, len(STUDY.seeds))


for variant in STUDY.variants:
    if not STUDY.in_cohorts(variant):
        continue

    rule:
        name:
            STUDY.variants[variant].rule
        output:
            cohort_outputs(variant),
        log:
            f"{DIR}/logs/train/{{task}}/{variant}/cohort.log",
        threads: run_threads(variant, cohort_asks)
        resources:
            **run_resources(variant, cohort_asks),
        params:
            **cohort_params(variant),
        shell:
            "python -m mpo train --task {wildcards.task} --variant {params.variant}"
            " --seeds {params.seeds} --study-seed {params.study_seed}"
            " --settings {params.settings:q} --out {params.out} --workers {threads}"
            " --wait --quiet > {log} 2>&1"


for variant in STUDY.variants:
    if STUDY.variants[variant].external or STUDY.in_cohorts(variant):
        continue

    rule:
        name:
            STUDY.variants[variant].rule
        output:
            **run_outputs(variant),
        log:
            f"{DIR}/logs/train/{{task}}/{variant}/{{seed}}.log",
        threads: run_threads(variant)
        resources:
            **run_resources(variant),
        params:
            **run_params(variant),
        shell:
            "python -m mpo train --task {wildcards.task} --variant {params.variant}"
            " --seed {wildcards.seed} --study-seed {params.study_seed}"
            " --settings {params.settings:q} --out {params.out} --state {params.state}"
            " --wait --quiet > {log} 2>&1"
