"""Frames, codes, packets and times of the CCSDS standards."""
