"""Usage: what the jobs of a study used, from their benchmark files, and what another would use.

`records` reads the files; `requests` compares with what was asked for; `cost` scales to a larger
study. All are functions on records; the commands `compare_requests` and `estimate_cost` print them.
"""
