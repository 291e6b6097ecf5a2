"""How well the author without a model does what people ask: wishes, a player, scorers, a table (`python -m evals.offline`)."""
