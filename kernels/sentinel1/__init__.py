"""Sentinel-1 space packets: headers, samples, pulses."""
