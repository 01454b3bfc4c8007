"""Models: Hugging Face folders, downloaded or trained; a model with a `path` is there already.

Gives `models/{model}`. After this stage no job needs a network.
"""


rule fetch_model:
    """Download a model's configuration, tokenizer and safetensors weights at its revision."""
    output:
        model=directory(results("models/{model}")),
    params:
        job=lambda w: jobs.model(w.model),
        hub=lambda w: plan.config["models"][w.model]["hub"],
        revision=lambda w: plan.revision_option(w.model),
        endpoint=plan.config["sources"]["hub"],
    wildcard_constraints:
        model=one_of(plan.named("hub")),
    log:
        log_of("fetch_model", "{model}"),
    benchmark:
        benchmark_of("fetch_model", "{model}")
    resources:
        mem_mb=1000,
    localrule: True
    conda:
        ENVIRONMENT
    shell:
        """
        python -m workflow_scripts.fetch_model \
            --hub {params.hub} \
            {params.revision} \
            --endpoint {params.endpoint} \
            --model {output.model} \
            2>&1 | tee {log}
        """


rule train_model:
    """Train a small BERT on the training words of the study's treebanks."""
    input:
        words=lambda w: [
            ancient(results(f"words/{treebank}/train.parquet"))
            for treebank in plan.treebanks_of(w.model)
        ],
    output:
        model=directory(results("models/{model}")),
    params:
        job=lambda w: jobs.model(w.model),
        plan=lambda w: plan.config["models"][w.model]["train"],
        seed=plan.config["seed"],
    wildcard_constraints:
        model=one_of(plan.named("train")),
    log:
        log_of("train_model", "{model}"),
    benchmark:
        benchmark_of("train_model", "{model}")
    threads: 2
    resources:
        mem_mb=2000,
    conda:
        ENVIRONMENT
    # Two threads whatever the cores: weights must be the same on every machine.
    shell:
        """
        python -m workflow_scripts.train_model \
            --words {input.words} \
            --layers {params.plan[layers]} \
            --width {params.plan[width]} \
            --heads {params.plan[heads]} \
            --vocabulary {params.plan[vocabulary]} \
            --epochs {params.plan[epochs]} \
            --seed {params.seed} \
            --threads 2 \
            --model {output.model} \
            2>&1 | tee {log}
        """
