"""Activations: what a model makes of a treebank.

Needs words and a model. Gives `activations/{model}/{treebank}/layer-{l}/{split}.parquet`, every
word's vector; for interventions `states/{model}/{treebank}/`, the test sentences inside the model;
and, for who looks words up, `lexicons/{model}/{treebank}.parquet`, the forms as the model spells
them.
"""

step = Step("extract_activations")


rule extract_activations:
    """Run the model once over a treebank; write the vectors of all layers."""
    input:
        unpack(step.inputs(**places.words(), model=places.model)),
    output:
        expand(
            results("activations/{{model}}/{{treebank}}/layer-{layer}/{split}.parquet"),
            layer=plan.config["layers"],
            split=SPLITS,
        ),
    log:
        step.log,
    benchmark:
        step.benchmark
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(lambda mb, w: 1400 + 2.8 * mb("model")),
        runtime=each_attempt(
            lambda mb, w: 15
            + requests.on_cpu(0.15 * mb("model") * mb("words_train", "words_dev", "words_test"))
        ),
        gpu=plan.gpus,
    params:
        job=step.job,
        files=lambda w: results(
            f"activations/{w.model}/{w.treebank}/layer-{{layer}}/{{split}}.parquet"
        ),
        run=hidden(
            model=places.model_path,
            layers=plan.config["layers"],  # files of their own: fewer make none anew
            device=plan.config["device"],
        ),
    shell:
        """
        python -m workflow_scripts.activations.extract_activations \
            --made-by {params.job:q} \
            --model {params.run[model]:q} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --words-test {input.words_test} \
            --layers {params.run[layers]} \
            --device {params.run[device]} \
            --activations '{params.files}' \
            --threads {threads} \
            2>&1 | tee {log}
        """


step = Step("cache_states")


rule cache_states:
    """Run the model once over a split; write what every intervention on it starts from."""
    input:
        unpack(step.inputs(words=results("words/{treebank}/{split}.parquet"), model=places.model)),
    output:
        expand(
            results("states/{{model}}/{{treebank}}/{{split}}/layer-{layer}.parquet"),
            layer=plan.config["layers"],
        ),
        subtokens=results("states/{model}/{treebank}/{split}/subtokens.parquet"),
    log:
        step.log,
    benchmark:
        step.benchmark
    wildcard_constraints:
        split=one_of(plan.splits),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(lambda mb, w: 1200 + 2.8 * mb("model")),
        runtime=each_attempt(lambda mb, w: 15 + requests.on_cpu(0.15 * mb("model") * mb("words"))),
        gpu=plan.gpus,
    params:
        job=step.job,
        files=lambda w: results(f"states/{w.model}/{w.treebank}/{w.split}/layer-{{layer}}.parquet"),
        run=hidden(
            model=places.model_path,
            layers=plan.config["layers"],
            device=plan.config["device"],
        ),
    shell:
        """
        python -m workflow_scripts.activations.cache_states \
            --made-by {params.job:q} \
            --model {params.run[model]:q} \
            --words {input.words} \
            --layers {params.run[layers]} \
            --device {params.run[device]} \
            --subtokens {output.subtokens} \
            --states '{params.files}' \
            --threads {threads} \
            2>&1 | tee {log}
        """


LEXICON = results("lexicons/{model}/{treebank}.parquet")
step = Step("build_lexicon")


rule build_lexicon:
    """List every form of a treebank as the model spells it, with its analyses."""
    input:
        unpack(step.inputs(**places.words(), model=places.model)),
    output:
        lexicon=LEXICON,
    log:
        step.log,
    benchmark:
        step.benchmark
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(lambda mb, w: 600 + 120 * mb("words_train", "words_dev", "words_test")),
        runtime=each_attempt(10),
    params:
        job=step.job,
        run=hidden(model=places.model_path),
    shell:
        """
        python -m workflow_scripts.activations.build_lexicon \
            --made-by {params.job:q} \
            --model {params.run[model]:q} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --words-test {input.words_test} \
            --lexicon {output.lexicon} \
            2>&1 | tee {log}
        """
