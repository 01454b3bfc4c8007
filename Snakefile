"""neuron-pitfalls: which neurons encode a grammatical attribute, and does the model use them?

    treebanks -> words -> activations -> rankings -> probes --------> tables -> figures -> report
    models -----------/-> states ------------------> interventions -> tables

`config.yaml` is the default study; `--configfile` takes another in its place.
"""

from snakemake.utils import min_version

min_version("9.0")

if not workflow.overwrite_configfiles:

    configfile: workflow.source_path("config.yaml")


include: "rules/study.smk"
include: "rules/1-treebanks.smk"
include: "rules/2-models.smk"
include: "rules/3-words.smk"
include: "rules/4-activations.smk"
include: "rules/5-rankings.smk"
include: "rules/6-probes.smk"
include: "rules/7-interventions.smk"
include: "rules/8-tables.smk"
include: "rules/9-report.smk"


rule all:
    """Everything that the configuration asks for."""
    default_target: True
    input:
        targets.everything,


rule downloads:
    """Every treebank and model that is downloaded; after them no job needs a network."""
    input:
        targets.all_downloads,


rule words:
    """The words of every treebank, and the attributes they have enough of."""
    input:
        targets.words_and_their_number,


rule activations:
    """Every word's vector, at every layer of every model."""
    input:
        targets.all_activations,


rule rankings:
    """Every ranking of every configuration."""
    input:
        targets.all_rankings,


rule probing:
    """Every probe on every ranking."""
    input:
        targets.all_probes,


rule interventions:
    """Every intervention by every ranking."""
    input:
        targets.all_interventions,


rule truth:
    """How well each ranking finds the neurons that are known to be used, in compiled models."""
    input:
        targets.all_truth,


rule latex:
    """The tables of a paper, in LaTeX."""
    input:
        targets.all_latex,


onstart:
    targets.check_device()


onsuccess:
    if terminal:
        terminal.finish()
    print(targets.ending())
