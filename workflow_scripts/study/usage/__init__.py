"""Usage: what the jobs of a study used, from their benchmark files, and what another would use.

`records` reads the files; `requests` compares with what was asked for; `cost` scales to a larger
study, by the `work` of its jobs and what they take on a `card`. All are functions on records; the
commands `compare_requests` and `estimate_cost` print them.
"""
