"""Synthetic aperture radar: orbits, focusing, calibration, images; no mission, no file."""
