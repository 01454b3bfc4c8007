"""Interventions: what the model predicts when the first k neurons of a ranking are changed.

Needs words, rankings, class statistics and the cached states. Gives, as
`.../layer-{l}/{method}-by-{ranking}.parquet`, outcome counts below `interventions/` and changed
words below `examples/`; and `lexicons/{model}/{treebank}.parquet`, where the analyzer reads one.
"""

LEXICON = results("lexicons/{model}/{treebank}.parquet")
_INTERVENED = dict(
    **words_of(["test"]),
    model=model_of,
    subtokens=results("states/{model}/{treebank}/subtokens.parquet"),
    states=results("states/{model}/{treebank}/layer-{layer}.parquet"),
    lexicon=LEXICON if "lexicon" in plan.analyzer_uses else [],
    statistics=STATISTICS,
)


rule lexicon:
    """List every form of a treebank as the model spells it, with its analyses."""
    input:
        unpack(
            inputs_of(
                "lexicon",
                **words_of(),
                model=model_of,
            )
        ),
    output:
        lexicon=LEXICON,
    log:
        log_of("lexicon", "{model}", "{treebank}"),
    benchmark:
        benchmark_of("lexicon", "{model}", "{treebank}")
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(700),
        runtime=asked(10),
    params:
        job=job_of("lexicon"),
        given=passed(model=model_path),
    shell:
        """
        python -m workflow_scripts.interventions.build_lexicon \
            --made-by {params.job:q} \
            --model {params.given[model]:q} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --words-test {input.words_test} \
            --lexicon {output.lexicon} \
            2>&1 | tee {log}
        """


rule intervention:
    """Change the first k neurons of a ranking inside the model, for every k of the grid."""
    input:
        unpack(inputs_of("intervention", **_INTERVENED, rankings=by_rankings("rankings", ""))),
    output:
        outcomes=by_rankings("interventions", "{method}-by-"),
        examples=by_rankings("examples", "{method}-by-"),
    log:
        log_of("intervention", CONFIGURATION, "{method}-by-{ranker}"),
    benchmark:
        benchmark_of("intervention", CONFIGURATION, "{method}-by-{ranker}")
    wildcard_constraints:
        method=one_of(METHODS),
        ranker=rankers(2),
    conda:
        ENVIRONMENT_OF_ANALYZER
    resources:
        mem_mb=asked(lambda mb, w: 1350 + 300 * READS_SENTENCES + 3 * mb("model")),
        runtime=asked(
            lambda mb, w: 15
            + on_cpu(0.1 * mb("model") * mb("states") / of_method("step")(w))
            + READS_SENTENCES * 2 * mb("states") / of_method("step")(w)
        ),
        gpu=plan.gpus,
    params:
        job=job_of("intervention"),
        study=STUDY,
        given=passed(
            model=model_path,
            method=of_method("method"),
            step=of_method("step"),
            options=lambda w: quote(plan.method_options(w.method)),
            pipeline=lambda w: plan.config["treebanks"][w.treebank].get("pipeline", ""),
        ),
    shell:
        """
        python -m workflow_scripts.interventions.intervene \
            --made-by {params.job:q} \
            --model {params.given[model]:q} \
            --words-test {input.words_test} \
            --schema {params.study[schema]} \
            --subtokens {input.subtokens} \
            --states {input.states} \
            --statistics {input.statistics} \
            --rankings {input.rankings} \
            --analyzer {params.study[analyzer]} \
            --lexicon {input.lexicon} \
            --pipeline {params.given[pipeline]} \
            --method {params.given[method]} \
            --method-options {params.given[options]} \
            --step {params.given[step]} \
            --device {params.study[device]} \
            --outcomes {output.outcomes} \
            --examples {output.examples} \
            --threads {threads} \
            2>&1 | tee {log}
        """


use rule intervention as intervention_of_one_direction with:
    input:
        unpack(
            inputs_of(
                "intervention_of_one_direction",
                **_INTERVENED,
                rankings=by_rankings("rankings", "", [""]),
            )
        ),
    output:
        outcomes=by_rankings("interventions", "{method}-by-", [""]),
        examples=by_rankings("examples", "{method}-by-", [""]),
    log:
        log_of("intervention_of_one_direction", CONFIGURATION, "{method}-by-{ranker}"),
    benchmark:
        benchmark_of("intervention_of_one_direction", CONFIGURATION, "{method}-by-{ranker}")
    wildcard_constraints:
        method=one_of(METHODS),
        ranker=rankers(1),
