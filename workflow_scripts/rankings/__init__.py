"""Rankings: the neurons of a configuration, best first, by every ranker in both directions."""
