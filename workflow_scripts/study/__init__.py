"""The study: what the configuration asks for, as configurations, files and jobs.

`configuration_file` checks the configuration, `plan` lists what there is to do, `jobs` says
what each job's result depends on; `fingerprint` and `digests` turn code and sources into strings,
`declarations` reads what a module declares without running it, `repository` says which commit this
is, `reruns` has Snakemake make files again. `rules/study.smk` calls it, and the estimate of a
study's cost; nothing else here knows Snakemake, and no computation of the study imports anything
of this room.
"""
