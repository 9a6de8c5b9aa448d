"""Images of any kind: statistics over tiles, stretches and reductions for the eye."""
