"""Activations: every word's vector at every layer, and the test sentences inside the model.

Needs words and a model. Gives `activations/{model}/{treebank}/layer-{l}/{split}.parquet` and, for
interventions, `states/{model}/{treebank}/`.
"""


rule activations_of_model:
    """Run the model once over a treebank; write the vectors of all layers."""
    input:
        unpack(
            inputs_of(
                "activations_of_model",
                **words_of(),
                model=model_of,
            )
        ),
    output:
        expand(
            results("activations/{{model}}/{{treebank}}/layer-{layer}/{split}.parquet"),
            layer=LAYERS,
            split=SPLITS,
        ),
    log:
        log_of("activations_of_model", "{model}", "{treebank}"),
    benchmark:
        benchmark_of("activations_of_model", "{model}", "{treebank}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(lambda mb, w: 1400 + 2.8 * mb("model")),
        runtime=asked(
            lambda mb, w: 15
            + on_cpu(0.15 * mb("model") * mb("words_train", "words_dev", "words_test"))
        ),
        gpu=plan.gpus,
    params:
        job=job_of("activations_of_model"),
        study=STUDY,
        given=passed(
            model=model_path,
            files=lambda w: results(
                f"activations/{w.model}/{w.treebank}/layer-{{layer}}/{{split}}.parquet"
            ),
        ),
    shell:
        """
        python -m workflow_scripts.activations.extract_activations \
            --made-by {params.job:q} \
            --model {params.given[model]:q} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --words-test {input.words_test} \
            --layers {params.study[layers]} \
            --device {params.study[device]} \
            --activations '{params.given[files]}' \
            --threads {threads} \
            2>&1 | tee {log}
        """


rule states_of_model:
    """Run the model once over the test sentences; write what every intervention starts from."""
    input:
        unpack(
            inputs_of(
                "states_of_model",
                **words_of(["test"]),
                model=model_of,
            )
        ),
    output:
        expand(results("states/{{model}}/{{treebank}}/layer-{layer}.parquet"), layer=LAYERS),
        subtokens=results("states/{model}/{treebank}/subtokens.parquet"),
    log:
        log_of("states_of_model", "{model}", "{treebank}"),
    benchmark:
        benchmark_of("states_of_model", "{model}", "{treebank}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(lambda mb, w: 1200 + 2.8 * mb("model")),
        runtime=asked(lambda mb, w: 15 + on_cpu(0.15 * mb("model") * mb("words_test"))),
        gpu=plan.gpus,
    params:
        job=job_of("states_of_model"),
        study=STUDY,
        given=passed(
            model=model_path,
            files=lambda w: results(f"states/{w.model}/{w.treebank}/layer-{{layer}}.parquet"),
        ),
    shell:
        """
        python -m workflow_scripts.activations.cache_states \
            --made-by {params.job:q} \
            --model {params.given[model]:q} \
            --words-test {input.words_test} \
            --layers {params.study[layers]} \
            --device {params.study[device]} \
            --subtokens {output.subtokens} \
            --states '{params.given[files]}' \
            --threads {threads} \
            2>&1 | tee {log}
        """
