# SAC, TD3 and PPO of Stable-Baselines3, and whatever else variants.yaml has its program train.
for variant in STUDY.trained_by("workflow/rules/extra/stable_baselines.py"):

    rule:
        name:
            STUDY.variants[variant].rule
        output:
            **run_outputs(variant),
        log:
            f"{DIR}/logs/train/{{task}}/{variant}/{{seed}}.log",
        threads: run_threads(variant)
        resources:
            mem_mb=lambda wildcards, attempt: 2000 * attempt,
            runtime=lambda wildcards, attempt: 720 * attempt,
        params:
            **run_params(variant),
        shell:
            "python -m mpo external {params.run:q}"
            " python workflow/rules/extra/stable_baselines.py > {log} 2>&1"
