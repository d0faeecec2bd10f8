# From the runs to frames: what was asked for, what each run came to, what they say together.
import hashlib


localrules:
    manifest,
    aggregate,
    estimates,


rule manifest:
    output:
        f"{DIR}/manifest.json",
    log:
        f"{DIR}/logs/manifest.log",
    params:
        file=STUDY_FILE,
        overrides=OVERRIDES,
        digest=hashlib.sha256(json.dumps(STUDY.manifest()).encode()).hexdigest(),
    shell:
        "python workflow/scripts/manifest.py {params.file:q} {params.overrides:q} 2> {log}"


rule aggregate:
    input:
        f"{DIR}/manifest.json",
        [
            f"{DIR}/{run.path}/{name}"
            for run in STUDY.runs
            for key, name in RUN_FILES.items()
            if key != "policy"
        ],
    output:
        FRAMES[1:5],
    log:
        f"{DIR}/logs/aggregate.log",
    params:
        study=DIR,
        code=code_of("aggregate.py"),
    shell:
        "python workflow/scripts/aggregate.py {params.study} 2> {log}"


rule estimates:
    input:
        FRAMES[:5],
    output:
        FRAMES[5:],
    log:
        f"{DIR}/logs/estimates.log",
    params:
        study=DIR,
        code=code_of("estimates.py"),
    shell:
        "python workflow/scripts/estimates.py {params.study} 2> {log}"
