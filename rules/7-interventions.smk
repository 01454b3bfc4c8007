"""Interventions: what the model predicts when the first k neurons of a ranking are changed.

Needs words, rankings, class statistics and the cached states. Gives, as
`.../layer-{l}/{method}-by-{ranking}.parquet`, outcome counts below `interventions/` and changed
words below `examples/`. Of compiled models also `truth/.../layer-{l}.parquet`: how well rankings find
what is known to be used.
"""

for step in Step("intervene").by_directions():

    rule:
        """Change the first k neurons of a ranking inside the model, for every k of the grid."""
        name:
            step.rule
        input:
            unpack(
                step.inputs(
                    words=places.of_split("words/{treebank}/{split}.parquet"),
                    **places.words(["train"]),
                    **places.activations(["train"]),
                    model=places.model,
                    subtokens=places.of_split(
                        "states/{model}/{treebank}/{split}/subtokens.parquet"
                    ),
                    states=places.of_split(
                        "states/{model}/{treebank}/{split}/layer-{layer}.parquet"
                    ),
                    lexicon=LEXICON,
                    statistics=STATISTICS,
                    rankings=step.files("rankings"),
                )
            ),
        output:
            outcomes=step.files("interventions", "{method}-by-"),
            examples=step.files("examples", "{method}-by-"),
        log:
            step.log,
        benchmark:
            step.benchmark
        wildcard_constraints:
            method=one_of(entry["name"] for entry in plan.config["interventions"]),
            ranker=one_of(step.rankers),
        conda:
            ENVIRONMENT_OF_ANALYZER
        resources:
            mem_mb=each_attempt(
                lambda mb, w: 1350
                + 300 * READS_SENTENCES
                + 3 * mb("model")
                + 0.5 * mb("activations_train")
            ),
            runtime=each_attempt(
                lambda mb, w: 15
                + requests.on_cpu(0.1 * mb("model") * mb("states") / plan.step(w))
                + READS_SENTENCES * 2 * mb("states") / plan.step(w)
            ),
            gpu=plan.gpus,
        params:
            job=step.job,
            method=step.setting("kind_of_method"),
            options=step.setting("method_options"),
            step=step.setting("step"),
            split=step.setting("split"),
            seed=step.setting("seed"),
            schema=step.setting("schema"),
            analyzer=step.setting("analyzer"),
            pipeline=step.setting("pipeline") if READS_SENTENCES else [],
            run=hidden(
                model=places.model_path,
                device=plan.config["device"],
                precision=plan.config["precision"],  # of one and the same predictions
            ),
        shell:
            """
            python -m workflow_scripts.interventions.intervene \
                --made-by {params.job:q} \
                --method {params.method} \
                --method-options {params.options:q} \
                --name {wildcards.method} \
                --step {params.step} \
                --split {params.split} \
                --seed {params.seed} \
                --model {params.run[model]:q} \
                --device {params.run[device]} \
                --precision {params.run[precision]} \
                --words-train {input.words_train} \
                --activations-train {input.activations_train} \
                --words {input.words} \
                --subtokens {input.subtokens} \
                --states {input.states} \
                --statistics {input.statistics} \
                --rankings {input.rankings} \
                --schema {params.schema} \
                --analyzer {params.analyzer} \
                --lexicon {input.lexicon} \
                --pipeline {params.pipeline} \
                --outcomes {output.outcomes} \
                --examples {output.examples} \
                --threads {threads} \
                2>&1 | tee {log}
            """


for step in Step("measure_concord").by_directions():

    rule:
        """Change a word inside the model, and see what it expects of the words that agree with it."""
        name:
            step.rule
        input:
            unpack(
                step.inputs(
                    **places.words(["train", "test"]),
                    **places.activations(["train"]),
                    model=places.model,
                    lexicon=LEXICON,
                    statistics=STATISTICS,
                    rankings=step.files("rankings"),
                )
            ),
        output:
            concord=step.files("concord", "{method}-by-"),
        log:
            step.log,
        benchmark:
            step.benchmark
        wildcard_constraints:
            method=one_of(plan.concord),
            ranker=one_of(step.rankers),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=each_attempt(
                lambda mb, w: 1350 + 3 * mb("model") + 0.5 * mb("activations_train")
            ),
            runtime=each_attempt(
                lambda mb, w: 15
                + requests.on_cpu(0.3 * mb("model") * 150 * mb("words_test") / plan.step(w))
            ),
            gpu=plan.gpus,
        params:
            job=step.job,
            method=step.setting("kind_of_method"),
            options=step.setting("method_options"),
            step=step.setting("step"),
            seed=step.setting("seed"),
            part_of_speech=step.setting("part_of_speech"),
            run=hidden(model=places.model_path, device=plan.config["device"]),
        shell:
            """
            python -m workflow_scripts.interventions.measure_concord \
                --made-by {params.job:q} \
                --method {params.method} \
                --method-options {params.options:q} \
                --name {wildcards.method} \
                --step {params.step} \
                --seed {params.seed} \
                --model {params.run[model]:q} \
                --device {params.run[device]} \
                --words-train {input.words_train} \
                --activations-train {input.activations_train} \
                --words-test {input.words_test} \
                --statistics {input.statistics} \
                --rankings {input.rankings} \
                --part-of-speech {params.part_of_speech:q} \
                --lexicon {input.lexicon} \
                --concord {output.concord} \
                --threads {threads} \
                2>&1 | tee {log}
            """


for step in Step("measure_transfer").by_directions():

    rule:
        """Change words with the ranking and the means of another treebank."""
        name:
            step.rule
        input:
            unpack(
                step.inputs(
                    **places.words(["test"]),
                    model=places.model,
                    subtokens=results("states/{model}/{treebank}/test/subtokens.parquet"),
                    states=results("states/{model}/{treebank}/test/layer-{layer}.parquet"),
                    lexicon=LEXICON,
                    statistics=STATISTICS,
                    rankings=step.files("rankings")[:1],
                    other_statistics=of_other(STATISTICS),
                    other_rankings=list(map(of_other, step.files("rankings")[:1])),
                )
            ),
        output:
            transfer=step.files("transfer", "{other}/{method}-by-")[0],
        log:
            step.log,
        benchmark:
            step.benchmark
        wildcard_constraints:
            method=one_of(plan.transfer),
            ranker=one_of(step.rankers),
            other=one_of(plan.treebanks),
        conda:
            ENVIRONMENT_OF_ANALYZER
        resources:
            mem_mb=each_attempt(lambda mb, w: 1350 + 300 * READS_SENTENCES + 3 * mb("model")),
            runtime=each_attempt(
                lambda mb, w: 15 + requests.on_cpu(0.01 * mb("model") * mb("states"))
            ),
            gpu=plan.gpus,
        params:
            job=step.job,
            method=step.setting("kind_of_method"),
            options=step.setting("method_options"),
            step=step.setting("step"),
            report=step.setting("neurons.report"),
            schema=step.setting("schema"),
            analyzer=step.setting("analyzer"),
            pipeline=step.setting("pipeline") if READS_SENTENCES else [],
            run=hidden(
                model=places.model_path,
                device=plan.config["device"],
                precision=plan.config["precision"],
            ),
        shell:
            """
            python -m workflow_scripts.interventions.measure_transfer \
                --made-by {params.job:q} \
                --method {params.method} \
                --method-options {params.options:q} \
                --name {wildcards.method} \
                --step {params.step} \
                --report {params.report} \
                --model {params.run[model]:q} \
                --device {params.run[device]} \
                --precision {params.run[precision]} \
                --words-test {input.words_test} \
                --subtokens {input.subtokens} \
                --states {input.states} \
                --statistics {input.statistics} \
                --other-statistics {input.other_statistics} \
                --ranking {input.rankings} \
                --other-ranking {input.other_rankings} \
                --schema {params.schema} \
                --analyzer {params.analyzer} \
                --lexicon {input.lexicon} \
                --pipeline {params.pipeline} \
                --transfer {output.transfer} \
                --threads {threads} \
                2>&1 | tee {log}
            """


step = Step("score_rankings")


rule score_rankings:
    """Score rankings by what is known of a compiled model's neurons."""
    input:
        unpack(
            step.inputs(
                **places.words(["train", "test"]),
                **places.activations(["train", "test"]),
                model=places.model,
                lexicon=LEXICON,
                statistics=STATISTICS,
                rankings=[
                    results(f"rankings/{CONFIGURATION}/{name}.parquet")
                    for name in plan.top_rankings
                ],
            )
        ),
    output:
        scores=results(f"truth/{CONFIGURATION}.parquet"),
    log:
        step.log,
    benchmark:
        step.benchmark
    wildcard_constraints:
        model=one_of(plan.compiled),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(lambda mb, w: 1350 + 3 * mb("activations_train")),
        runtime=each_attempt(lambda mb, w: 15 + mb("activations_train")),
        gpu=plan.gpus,
    params:
        job=step.job,
        of=step.setting("of"),
        schema=step.setting("schema"),
        seed=step.setting("seed"),
        run=hidden(model=places.model_path, device=plan.config["device"]),
    shell:
        """
        python -m workflow_scripts.interventions.score_rankings \
            --made-by {params.job:q} \
            --model {params.run[model]:q} \
            --planted {params.of} \
            --device {params.run[device]} \
            --words-train {input.words_train} \
            --words-test {input.words_test} \
            --activations-train {input.activations_train} \
            --activations-test {input.activations_test} \
            --statistics {input.statistics} \
            --schema {params.schema} \
            --lexicon {input.lexicon} \
            --rankings {input.rankings} \
            --seed {params.seed} \
            --scores {output.scores} \
            --threads {threads} \
            2>&1 | tee {log}
        """
