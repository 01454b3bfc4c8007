"""Probes: how well an attribute is predicted from the first k neurons of a ranking."""
