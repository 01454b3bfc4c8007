"""Interventions: what the model predicts when the first k neurons of a ranking are changed.

Needs rankings, class statistics and the cached states. Gives, below `interventions/.../layer-{l}/`,
`{method}-by-{ranking}.parquet` (outcome counts) and `{method}-by-{ranking}.examples.parquet`.
"""


rule lexicon:
    """List every form of a treebank as the model spells it, with its analyses."""
    input:
        inputs_of(
            "lexicon",
            **words_of(),
            model=model_of,
        ),
    output:
        lexicon=results("lexicons/{model}/{treebank}.parquet"),
    log:
        log_of("lexicon", "{model}", "{treebank}"),
    benchmark:
        benchmark_of("lexicon", "{model}", "{treebank}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1500,
    params:
        job=job_of("lexicon"),
    shell:
        """
        python -m workflow_scripts.build_lexicon \
            --model {input.model:q} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --words-test {input.words_test} \
            --lexicon {output.lexicon} \
            2>&1 | tee {log}
        """


rule intervention:
    """Change the first k neurons of a ranking inside the model, for every k of the grid."""
    input:
        inputs_of(
            "intervention",
            **words_of(["test"]),
            model=model_of,
            attributes=attributes_of,
            subtokens=results("states/{model}/{treebank}/subtokens.parquet"),
            states=results("states/{model}/{treebank}/layer-{layer}.parquet"),
            lexicon=results("lexicons/{model}/{treebank}.parquet"),
            statistics=results(f"statistics/{_CONFIGURATION}/values.safetensors"),
            ranking=results(f"rankings/{_CONFIGURATION}/{{ranking}}.parquet"),
        ),
    output:
        outcomes=results(f"interventions/{_CONFIGURATION}/{{method}}-by-{{ranking}}.parquet"),
        examples=results(
            f"interventions/{_CONFIGURATION}/{{method}}-by-{{ranking}}.examples.parquet"
        ),
    log:
        log_of("intervention", _CONFIGURATION, "{method}-by-{ranking}"),
    benchmark:
        benchmark_of("intervention", _CONFIGURATION, "{method}-by-{ranking}")
    wildcard_constraints:
        method=one_of(entry["name"] for entry in plan.config["interventions"]),
        ranking=one_of(plan.rankings),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=3000,
        gpu=plan.gpus,
    params:
        job=job_of("intervention"),
        attribute=attribute_of,
        method=lambda w: plan.intervention(w.method)["method"],
        step=lambda w: plan.intervention(w.method)["step"],
        options=lambda w: quote(plan.method_options(w.method)),
    shell:
        """
        python -m workflow_scripts.intervene \
            --model {input.model:q} \
            --words-test {input.words_test} \
            --attributes {input.attributes} \
            --attribute {params.attribute:q} \
            --schema {plan.config[schema]} \
            --subtokens {input.subtokens} \
            --states {input.states} \
            --statistics {input.statistics} \
            --ranking {input.ranking} \
            --lexicon {input.lexicon} \
            --layer {wildcards.layer} \
            --method {params.method} \
            --method-options {params.options} \
            --step {params.step} \
            --device {plan.config[device]} \
            --outcomes {output.outcomes} \
            --examples {output.examples} \
            2>&1 | tee {log}
        """
