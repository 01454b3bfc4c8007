"""Models: Hugging Face folders, downloaded or trained; a model with a `path` is there already.

Gives `models/{model}`. After this stage no job needs a network.
"""


rule fetch_model:
    """Download a model's configuration, tokenizer and safetensors weights at its revision."""
    input:
        unpack(inputs_of("fetch_model")),
    output:
        model=directory(results("models/{model}")),
    log:
        log_of("fetch_model", "{model}"),
    benchmark:
        benchmark_of("fetch_model", "{model}")
    wildcard_constraints:
        model=one_of(plan.named("hub")),
    localrule: True
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(500),
        runtime=asked(60),
    params:
        job=job_of("fetch_model"),
        study=STUDY,
        given=passed(
            hub=of_model("hub"),
            revision=lambda w: plan.revision_option(w.model),
            lm_head=lambda w: "--lm-head" if plan.config["interventions"] else "",
        ),
    shell:
        """
        python -m workflow_scripts.models.fetch_model \
            --made-by {params.job:q} \
            --hub {params.given[hub]} \
            {params.given[revision]} {params.given[lm_head]} \
            --endpoint {params.study[sources.hub]:q} \
            --model {output.model} \
            2>&1 | tee {log}
        """


rule train_model:
    """Train a small BERT on the training words of the study's treebanks."""
    input:
        unpack(
            inputs_of(
                "train_model",
                words=lambda w: [
                    results(f"words/{treebank}/train.parquet")
                    for treebank in plan.treebanks_of(w.model)
                ],
            )
        ),
    output:
        model=directory(results("models/{model}")),
    log:
        log_of("train_model", "{model}"),
    benchmark:
        benchmark_of("train_model", "{model}")
    wildcard_constraints:
        model=one_of(plan.named("train")),
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=asked(1200),
        runtime=asked(30),
    params:
        job=job_of("train_model"),
        study=STUDY,
        given=passed(options=lambda w: plan.training_options(w.model)),
    # Two threads whatever the cores: weights must be the same on every machine.
    shell:
        """
        python -m workflow_scripts.models.train_model \
            --made-by {params.job:q} \
            --words {input.words} \
            {params.given[options]} \
            --seed {params.study[seed]} \
            --threads 2 \
            --model {output.model} \
            2>&1 | tee {log}
        """
