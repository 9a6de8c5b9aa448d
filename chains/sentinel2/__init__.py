"""Sentinel-2: sub-tasks and their graphs, main-input rules, names of outputs."""
