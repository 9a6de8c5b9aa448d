"""Processors that are commands, containers or EOPF units: run, supervised, their outputs found; and one simulated."""
