"""Main-input rules of Sentinel-3."""
