# From the runs to frames: what each run came to, and what they say together.
localrules:
    aggregate,
    estimates,


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
