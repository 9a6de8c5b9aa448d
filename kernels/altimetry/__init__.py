"""Radar altimeter echoes: models, fits, retrackers."""
