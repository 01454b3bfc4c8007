"""Words: surface words with their analyses, and the attributes that a treebank has enough of.

Needs the CoNLL-U or label files of a treebank. Gives `words/{treebank}/{split}.parquet` and
`words/{treebank}/attributes.csv`, from which all configurations follow: hence the checkpoint.
"""

step = Step("read_words")


rule read_words:
    """Read a treebank's surface words and the values of their attributes."""
    input:
        unpack(step.inputs(**{f"conllu_{s}": places.conllu(s) for s in SPLITS})),
    output:
        train=results("words/{treebank}/train.parquet"),
        dev=results("words/{treebank}/dev.parquet"),
        test=results("words/{treebank}/test.parquet"),
    log:
        step.log,
    benchmark:
        step.benchmark
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(400),
        runtime=each_attempt(15),
    params:
        job=step.job,
        schema=step.setting("schema"),
        own=step.setting("own"),
        labels_of=step.setting("labels_of"),
        dev_from_train=step.setting("dev_from_train"),
        conllu=hidden(**{s: places.conllu_path(s) for s in SPLITS}),
    shell:
        """
        python -m workflow_scripts.words.read_words \
            --made-by {params.job:q} \
            --train {params.conllu[train]:q} \
            --dev {params.conllu[dev]:q} \
            --test {params.conllu[test]:q} \
            --dev-from-train {params.dev_from_train} \
            --schema {params.schema} \
            --own {params.own:q} \
            --labels-of {params.labels_of:q} \
            --words-train {output.train} \
            --words-dev {output.dev} \
            --words-test {output.test} \
            2>&1 | tee {log}
        """


step = Step("keep_values")


checkpoint keep_values:
    """Keep the values that every split has enough distinct forms of."""
    input:
        unpack(step.inputs(**places.words())),
    output:
        attributes=results("words/{treebank}/attributes.csv"),
    log:
        step.log,
    benchmark:
        step.benchmark
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(300),
        runtime=each_attempt(10),
    params:
        job=step.job,
        min_types=step.setting("min_types"),
    shell:
        """
        python -m workflow_scripts.words.keep_values \
            --made-by {params.job:q} \
            --words-train {input.words_train} \
            --words-dev {input.words_dev} \
            --words-test {input.words_test} \
            --min-types {params.min_types} \
            --attributes {output.attributes} \
            2>&1 | tee {log}
        """
