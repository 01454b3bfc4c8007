"""Rankings: the neurons of a configuration, best first, by every ranker in both directions.

Needs labelled words. Gives `statistics/{model}/{treebank}/{attribute}/layer-{l}.safetensors` (also
for probes and interventions) and `rankings/.../layer-{l}/{ranking}.parquet`.
"""

_LEARNED_FROM = dict(
    **where(ranker_reads_words, **words_of(["train", "dev"]), **activations_of(["train", "dev"])),
    statistics=STATISTICS,
)


rule statistics:
    """Gather count, mean and scatter of the training words of each value, and control label."""
    input:
        unpack(
            inputs_of(
                "statistics",
                **words_of(["train"]),
                **activations_of(["train"]),
                attributes=attributes_of,
            )
        ),
    output:
        statistics=STATISTICS,
    log:
        log_of("statistics", CONFIGURATION),
    benchmark:
        benchmark_of("statistics", CONFIGURATION)
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(lambda mb, w: 600 + 0.3 * mb("activations_train")),
        runtime=asked(lambda mb, w: 5 + 0.01 * mb("activations_train")),
    params:
        job=job_of("statistics"),
        study=STUDY,
        given=passed(attribute=attribute_of),
        control=CONTROL,
    shell:
        """
        python -m workflow_scripts.rankings.compute_statistics \
            --made-by {params.job:q} \
            --model {wildcards.model} \
            --treebank {wildcards.treebank} \
            --attribute {params.given[attribute]:q} \
            --layer {wildcards.layer} \
            --seed {params.study[seed]} \
            --words-train {input.words_train} \
            --activations-train {input.activations_train} \
            --attributes {input.attributes} \
            {params.control} \
            --statistics {output.statistics} \
            2>&1 | tee {log}
        """


rule ranking:
    """Rank the neurons of a configuration, top to bottom and bottom to top."""
    input:
        unpack(inputs_of("ranking", **_LEARNED_FROM)),
    output:
        rankings=by_rankings("rankings", ""),
    log:
        log_of("ranking", CONFIGURATION, "{ranker}"),
    benchmark:
        benchmark_of("ranking", CONFIGURATION, "{ranker}")
    wildcard_constraints:
        ranker=rankers(2),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=asked(
            lambda mb, w: 450
            + ranker_reads_words(w) * (mb("activations_train") + 3 * mb("statistics"))
        ),
        runtime=asked(lambda mb, w: 10 + 0.02 * mb("activations_train")),
    params:
        job=job_of("ranking"),
        study=STUDY,
    shell:
        """
        python -m workflow_scripts.rankings.rank_neurons \
            --made-by {params.job:q} \
            --seed {params.study[seed]} \
            --ranker {wildcards.ranker} \
            --max-neurons {params.study[neurons.max]} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --activations-train {input.activations_train} \
            --activations-dev {input.activations_dev} \
            --statistics {input.statistics} \
            --rankings {output.rankings} \
            --threads {threads} \
            2>&1 | tee {log}
        """


use rule ranking as ranking_of_one_direction with:
    input:
        unpack(inputs_of("ranking_of_one_direction", **_LEARNED_FROM)),
    output:
        rankings=by_rankings("rankings", "", [""]),
    log:
        log_of("ranking_of_one_direction", CONFIGURATION, "{ranker}"),
    benchmark:
        benchmark_of("ranking_of_one_direction", CONFIGURATION, "{ranker}")
    wildcard_constraints:
        ranker=rankers(1),
