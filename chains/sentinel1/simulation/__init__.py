"""Simulated Sentinel-1 acquisitions: scene, orbit, echoes, packets, session, auxiliary files."""
