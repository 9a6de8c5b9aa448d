"""Sentinel-1: packets, tables, inspection, simulator."""
