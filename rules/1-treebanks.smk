"""Treebanks: CoNLL-U files, downloaded or generated; a treebank with a `path` is there already.

Gives `treebanks/{treebank}/{treebank}-ud-{split}.conllu`.
"""

step = Step("generate_treebank")


rule generate_treebank:
    """Write a small treebank from one of the project's own grammars."""
    input:
        unpack(step.inputs()),
    output:
        **{s: results(f"treebanks/{{treebank}}/{{treebank}}-ud-{s}.conllu") for s in SPLITS},
    log:
        step.log,
    benchmark:
        step.benchmark
    wildcard_constraints:
        treebank=one_of(plan.named("grammar")),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=each_attempt(300),
        runtime=each_attempt(10),
    params:
        job=step.job,
        grammar=step.setting("grammar"),
        sentences=step.setting("sentences"),
        seed=step.setting("seed"),
    shell:
        """
        python -m workflow_scripts.treebanks.generate_treebank \
            --made-by {params.job:q} \
            --grammar {params.grammar} \
            --sentences {params.sentences} \
            --shares 0.8 0.1 0.1 \
            --seed {params.seed} \
            --train {output.train} \
            --dev {output.dev} \
            --test {output.test} \
            2>&1 | tee {log}
        """


for step in Step("fetch_treebank").by_splits():

    rule:
        """Download a UD treebank at its release, each file checked against its pin."""
        name:
            step.rule
        input:
            unpack(step.inputs()),
        output:
            **{
                s: results(f"treebanks/{{treebank}}/{{treebank}}-ud-{s}.conllu")
                for s in step.splits
            },
        log:
            step.log,
        benchmark:
            step.benchmark
        wildcard_constraints:
            treebank=one_of(step.treebanks("ud")),
        localrule: True
        conda:
            ENVIRONMENT
        resources:
            mem_mb=each_attempt(300),
            runtime=each_attempt(30),
        params:
            job=step.job,
            repository=step.setting("ud"),
            release=step.setting("release"),
            files=lambda w, output: [
                f"--file {name} {sha1} {output[split]}"
                for split, (name, sha1) in plan.pinned_files(w.treebank).items()
            ],
            source=hidden(base=plan.config["sources"]["ud"]),
        shell:
            """
            python -m workflow_scripts.treebanks.fetch_treebank \
                --made-by {params.job:q} \
                --repository {params.repository} \
                --release {params.release} \
                --base {params.source[base]:q} \
                {params.files} \
                2>&1 | tee {log}
            """
