"""Sentinel-3: sessions to Level-0, altimeter echoes to Level-2, simulators, SEN3 folders."""
