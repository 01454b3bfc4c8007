"""Rankings: the neurons of a configuration, best first, by every ranker in both directions.

Needs labelled words. Gives `statistics/.../layer-{l}/{labels}.safetensors` (also for probes and
interventions) and `rankings/{model}/{treebank}/{attribute}/layer-{l}/{ranking}.parquet`.
"""

_CONFIGURATION = "{model}/{treebank}/{attribute}/layer-{layer}"


rule statistics:
    """Gather count, mean and scatter of the training words of each value, or control label."""
    input:
        **words_of(["train"]),
        **activations_of(["train"]),
        attributes=attributes_of,
    output:
        statistics=results(f"statistics/{_CONFIGURATION}/{{labels}}.safetensors"),
    params:
        job=lambda w: jobs.statistics(jobs.configuration(w), w.labels),
        attribute=attribute_of,
        seed=plan.config["seed"],
    log:
        log_of("statistics", _CONFIGURATION, "{labels}"),
    benchmark:
        benchmark_of("statistics", _CONFIGURATION, "{labels}")
    resources:
        mem_mb=1500,
    conda:
        ENVIRONMENT
    shell:
        """
        python -m workflow_scripts.compute_statistics \
            --model {wildcards.model} \
            --treebank {wildcards.treebank} \
            --attribute {params.attribute:q} \
            --layer {wildcards.layer} \
            --seed {params.seed} \
            --labels {wildcards.labels} \
            --words-train {input.words_train} \
            --activations-train {input.activations_train} \
            --attributes {input.attributes} \
            --statistics {output.statistics} \
            2>&1 | tee {log}
        """


rule ranking:
    """Rank the neurons of a configuration, top to bottom and bottom to top."""
    input:
        **words_of(["train", "dev"]),
        **activations_of(["train", "dev"]),
        attributes=attributes_of,
        statistics=ancient(results(f"statistics/{_CONFIGURATION}/values.safetensors")),
    output:
        rankings=[
            results(f"rankings/{_CONFIGURATION}/{{ranker}}-ttb.parquet"),
            results(f"rankings/{_CONFIGURATION}/{{ranker}}-btt.parquet"),
        ],
    params:
        job=lambda w: jobs.ranking(jobs.configuration(w), w.ranker),
        attribute=attribute_of,
        seed=plan.config["seed"],
        max=plan.config["neurons"]["max"],
    wildcard_constraints:
        ranker=one_of(name for name, both in plan.directions.items() if len(both) == 2),
    log:
        log_of("ranking", _CONFIGURATION, "{ranker}"),
    benchmark:
        benchmark_of("ranking", _CONFIGURATION, "{ranker}")
    resources:
        mem_mb=2000,
    conda:
        ENVIRONMENT
    shell:
        """
        python -m workflow_scripts.rank_neurons \
            --model {wildcards.model} \
            --treebank {wildcards.treebank} \
            --attribute {params.attribute:q} \
            --layer {wildcards.layer} \
            --seed {params.seed} \
            --ranker {wildcards.ranker} \
            --max-neurons {params.max} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --activations-train {input.activations_train} \
            --activations-dev {input.activations_dev} \
            --attributes {input.attributes} \
            --statistics {input.statistics} \
            --rankings {output.rankings} \
            2>&1 | tee {log}
        """


use rule ranking as ranking_of_one_direction with:
    output:
        rankings=[results(f"rankings/{_CONFIGURATION}/{{ranker}}.parquet")],
    wildcard_constraints:
        ranker=one_of(name for name, one in plan.directions.items() if len(one) == 1),
    log:
        log_of("ranking_of_one_direction", _CONFIGURATION, "{ranker}"),
    benchmark:
        benchmark_of("ranking_of_one_direction", _CONFIGURATION, "{ranker}")
