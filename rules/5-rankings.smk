"""Rankings: the neurons of a configuration, best first, by every ranker in both directions.

Needs labelled words. Gives `statistics/{model}/{treebank}/{attribute}/layer-{l}.safetensors` (also
for probes and interventions), `neurons/.../layer-{l}/` (what each neuron alone says),
`rankings/.../layer-{l}/{ranking}.parquet`, and, where the control task has rankings of its own, those by
control labels under `control_rankings/`.
"""

STATISTICS = results(f"statistics/{CONFIGURATION}.safetensors")
step = Step("compute_statistics")


rule compute_statistics:
    """Gather count, mean and scatter of the training words of each value, and control label."""
    input:
        unpack(
            step.inputs(
                **places.words(["train"]),
                **places.activations(["train"]),
                attributes=lambda w: counted(w.treebank),
            )
        ),
    output:
        statistics=STATISTICS,
    log:
        step.log,
    benchmark:
        step.benchmark
    priority: 1
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(lambda mb, w: 600 + 0.3 * mb("activations_train")),
        runtime=each_attempt(lambda mb, w: 5 + 0.01 * mb("activations_train")),
    params:
        job=step.job,
        attribute=lambda w: jobs.configuration(w).attribute,
        control=step.setting("control"),
        seed=step.setting("seed"),
    shell:
        """
        python -m workflow_scripts.rankings.compute_statistics \
            --made-by {params.job:q} \
            --model {wildcards.model} \
            --treebank {wildcards.treebank} \
            --attribute {params.attribute:q} \
            --layer {wildcards.layer} \
            --words-train {input.words_train} \
            --activations-train {input.activations_train} \
            --attributes {input.attributes} \
            --control {params.control} \
            --seed {params.seed} \
            --statistics {output.statistics} \
            2>&1 | tee {log}
        """


step = Step("describe_neurons")


rule describe_neurons:
    """Say of each neuron what it tells of the value, how it is spread, and in which words it peaks."""
    input:
        unpack(
            step.inputs(
                **places.words(["train", "test"]),
                **places.activations(["train", "test"]),
                statistics=STATISTICS,
            )
        ),
    output:
        neurons=results(f"neurons/{CONFIGURATION}/neurons.parquet"),
        values=results(f"neurons/{CONFIGURATION}/values.parquet"),
        words=results(f"neurons/{CONFIGURATION}/words.parquet"),
    log:
        step.log,
    benchmark:
        step.benchmark
    priority: 1
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(
            lambda mb, w: 400 + min(300, mb("activations_train")) + 3 * mb("statistics")
        ),
        runtime=each_attempt(lambda mb, w: 5 + 0.01 * mb("activations_train")),
    params:
        job=step.job,
    shell:
        """
        python -m workflow_scripts.rankings.describe_neurons \
            --made-by {params.job:q} \
            --words-train {input.words_train} \
            --words-test {input.words_test} \
            --activations-train {input.activations_train} \
            --activations-test {input.activations_test} \
            --statistics {input.statistics} \
            --neurons {output.neurons} \
            --values {output.values} \
            --words {output.words} \
            2>&1 | tee {log}
        """


runs_model = Step("rank_neurons").uses("model")

for step in Step("rank_neurons").by_directions():

    rule:
        """Rank the neurons of a configuration, top to bottom and bottom to top, or once."""
        name:
            step.rule
        input:
            unpack(
                step.inputs(
                    **places.words(["train", "dev"]),
                    **places.activations(["train", "dev"]),
                    statistics=STATISTICS,
                    lexicon=LEXICON,
                    model=places.model,
                )
            ),
        output:
            rankings=step.files("rankings"),
        log:
            step.log,
        benchmark:
            step.benchmark
        wildcard_constraints:
            ranker=one_of(step.rankers),
        priority: 1
        conda:
            ENVIRONMENT
        resources:
            mem_mb=each_attempt(
                lambda mb, w: 450
                + mb("activations_train")
                + 3 * mb("statistics") * (mb("activations_train") > 0)
                + (1200 + 3 * mb("model")) * runs_model(w)
            ),
            runtime=each_attempt(
                lambda mb, w: 10
                + 0.02 * mb("activations_train")
                + requests.on_cpu(0.1 * mb("model")) * runs_model(w)
            ),
            gpu=lambda w: plan.gpus * runs_model(w),
        params:
            job=step.job,
            options=step.setting("ranker_options"),
            max_neurons=step.setting("neurons.max"),
            seed=step.setting("seed"),
            part_of_speech=step.setting("part_of_speech"),
            beta=step.setting("beta"),
            run=hidden(
                ranker=places.ranker_path,
                digest=places.ranker_digest,
                model=places.model_path,
                device=plan.config["device"],
            ),
        shell:
            """
            python -m workflow_scripts.rankings.rank_neurons \
                --made-by {params.job:q} \
                --ranker {params.run[ranker]:q} \
                --ranker-digest {params.run[digest]} \
                --ranker-options {params.options:q} \
                --name {wildcards.ranker} \
                --max-neurons {params.max_neurons} \
                --seed {params.seed} \
                --words-train {input.words_train} \
                --words-dev {input.words_dev} \
                --activations-train {input.activations_train} \
                --activations-dev {input.activations_dev} \
                --statistics {input.statistics} \
                --model {params.run[model]:q} \
                --device {params.run[device]} \
                --lexicon {input.lexicon} \
                --part-of-speech {params.part_of_speech:q} \
                --beta {params.beta} \
                --rankings {output.rankings} \
                --threads {threads} \
                2>&1 | tee {log}
            """


for step in Step("rank_by_control").by_directions():

    rule:
        """Rank the neurons of a configuration by its control labels, as by its values."""
        name:
            step.rule
        input:
            unpack(
                step.inputs(
                    **places.words(["train", "dev"]),
                    **places.activations(["train", "dev"]),
                    statistics=STATISTICS,
                )
            ),
        output:
            rankings=step.files("control_rankings"),
        log:
            step.log,
        benchmark:
            step.benchmark
        wildcard_constraints:
            ranker=one_of(step.rankers),
        priority: 1
        conda:
            ENVIRONMENT
        resources:
            mem_mb=each_attempt(
                lambda mb, w: 450
                + mb("activations_train")
                + 3 * mb("statistics") * (mb("activations_train") > 0)
            ),
            runtime=each_attempt(lambda mb, w: 10 + 0.02 * mb("activations_train")),
        params:
            job=step.job,
            options=step.setting("ranker_options"),
            max_neurons=step.setting("neurons.max"),
            control=step.setting("control"),
            seed=step.setting("seed"),
            run=hidden(ranker=places.ranker_path, digest=places.ranker_digest),
        shell:
            """
            python -m workflow_scripts.rankings.rank_by_control \
                --made-by {params.job:q} \
                --ranker {params.run[ranker]:q} \
                --ranker-digest {params.run[digest]} \
                --ranker-options {params.options:q} \
                --name {wildcards.ranker} \
                --max-neurons {params.max_neurons} \
                --control {params.control} \
                --seed {params.seed} \
                --words-train {input.words_train} \
                --words-dev {input.words_dev} \
                --activations-train {input.activations_train} \
                --activations-dev {input.activations_dev} \
                --statistics {input.statistics} \
                --rankings {output.rankings} \
                --threads {threads} \
                2>&1 | tee {log}
            """
