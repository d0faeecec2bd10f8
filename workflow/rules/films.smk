# Films of final policies: the only thing made of them, so that results can be shipped without.


rule films:
    input:
        FRAMES,
        [f"{DIR}/{run.path}/{RUN_FILES['policy']}" for run in STUDY.runs],
    output:
        directory(f"{DIR}/films"),
        section=f"{DIR}/films.md",
    log:
        f"{DIR}/logs/films.log",
    params:
        study=DIR,
        code=code_of("films.py"),
    shell:
        "python workflow/scripts/films.py {params.study} 2> {log}"
