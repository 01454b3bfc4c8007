"""Models: Hugging Face folders, downloaded, trained or compiled; one with a `path` is there already.

Gives `models/{model}`. After this stage no job needs a network.
"""

step = Step("fetch_model")


rule fetch_model:
    """Download a model's configuration, tokenizer and safetensors weights at its revision."""
    input:
        unpack(step.inputs()),
    output:
        model=directory(results("models/{model}")),
    log:
        step.log,
    benchmark:
        step.benchmark
    wildcard_constraints:
        model=one_of(plan.named("hub")),
    localrule: True
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(500),
        runtime=each_attempt(60),
    params:
        job=step.job,
        hub=step.setting("hub"),
        revision=lambda w: plan.revision_option(w.model),
        # Asking for an LM head later downloads nothing again; the model is judged while planning.
        source=hidden(
            endpoint=plan.config["sources"]["hub"],
            lm_head="--lm-head" if plan.asks_lm_head else "",
        ),
    shell:
        """
        python -m workflow_scripts.models.fetch_model \
            --made-by {params.job:q} \
            --hub {params.hub} \
            {params.revision} {params.source[lm_head]} \
            --endpoint {params.source[endpoint]:q} \
            --model {output.model} \
            2>&1 | tee {log}
        """


step = Step("train_model")


rule train_model:
    """Train a small BERT on the training words of the study's treebanks."""
    input:
        unpack(
            step.inputs(
                words=lambda w: [
                    results(f"words/{treebank}/train.parquet")
                    for treebank in plan.treebanks_of(w.model)
                ],
            )
        ),
    output:
        model=directory(results("models/{model}")),
    log:
        step.log,
    benchmark:
        step.benchmark
    wildcard_constraints:
        model=one_of(plan.named("train")),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(
            lambda mb, w: 1000 + 0.015 * plan.config["models"][w.model]["train"]["vocabulary"]
        ),
        runtime=each_attempt(30),
    params:
        job=step.job,
        options=lambda w: plan.training_options(w.model),
        seed=step.setting("seed"),
    shell:
        """
        python -m workflow_scripts.models.train_model \
            --made-by {params.job:q} \
            --words {input.words} \
            {params.options} \
            --seed {params.seed} \
            --model {output.model} \
            2>&1 | tee {log}
        """


step = Step("compile_model")


rule compile_model:
    """Compile a model in which it is known which neurons hold an attribute, and which are used."""
    input:
        unpack(
            step.inputs(
                **places.words_of_compiled,
                attributes=lambda w: counted(plan.compiled[w.model]),
            )
        ),
    output:
        model=directory(results("models/{model}")),
    log:
        step.log,
    benchmark:
        step.benchmark
    wildcard_constraints:
        model=one_of(plan.compiled),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(lambda mb, w: 900 + 30 * mb("words_train")),
        runtime=each_attempt(10),
    params:
        job=step.job,
        compile=step.setting("compile"),
        which=step.setting("copy"),
        seed=step.setting("seed"),
    shell:
        """
        python -m workflow_scripts.models.compile_model \
            --made-by {params.job:q} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --words-test {input.words_test} \
            --attributes {input.attributes} \
            --compile {params.compile:q} \
            --copy {params.which} \
            --seed {params.seed} \
            --model {output.model} \
            2>&1 | tee {log}
        """
