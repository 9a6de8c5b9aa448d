"""Main inputs of the Sentinel-1 chains of the agencies' processors: sessions, segments, slices, service products."""
