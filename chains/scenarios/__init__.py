"""Simulated traffic: what happens in a scenario, what arrives of it, and what simulated processors make of that."""
