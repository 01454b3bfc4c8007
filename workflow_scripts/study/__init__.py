"""The study: what the configuration asks for, as configurations, files and jobs.

`configuration_file` checks the configuration, `plan` lists what there is to do, `steps` says what
each step depends on, and `jobs` makes of that the string of each job; `fingerprint` and `digests`
turn code and sources into strings, `repository` says which commit this is. For the rules there are
`rule_steps`, `places`, `targets` and `requests`, and for who looks on `terminal`, with `job_lines`
and `time_left`; these, and `snakemake_internals`, alone know Snakemake. No computation of the
study imports anything of this folder.
"""
