"""Files: how the study's artifacts are written and read.

Every file appears whole or not at all, and carries what made it. No arithmetic lives here.
"""
