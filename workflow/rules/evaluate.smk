# From the runs to frames: what each run came to, and what they say together.
from mpo.study.published import load_published

PUBLISHED_FILE = "config/published.csv"
try:
    load_published(PUBLISHED_FILE)
except ConfigError as error:
    sys.exit(str(error))


localrules:
    aggregate,
    estimates,


# The ranges of tasks that have none of their own, by the runs of the study.
SCALES = [f"{DIR}/scales.csv"] if any(t.score_range is None for t in STUDY.tasks.values()) else []


rule aggregate:
    input:
        f"{DIR}/manifest.json",
        PUBLISHED_FILE,
        [
            f"{DIR}/{run.path}/{name}"
            for run in STUDY.runs
            for key, name in RUN_FILES.items()
            if key != "policy"
        ],
    output:
        FRAMES[1:6],
        SCALES,
    log:
        f"{DIR}/logs/aggregate.log",
    params:
        study=DIR,
        published=PUBLISHED_FILE,
        code=code_of("aggregate.py"),
    shell:
        "python workflow/scripts/aggregate.py {params.published} {params.study} 2> {log}"


rule estimates:
    input:
        FRAMES[:6],
    output:
        FRAMES[6:],
    log:
        f"{DIR}/logs/estimates.log",
    params:
        study=DIR,
        code=code_of("estimates.py"),
    shell:
        "python workflow/scripts/estimates.py {params.study} 2> {log}"
