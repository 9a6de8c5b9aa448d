"""The commands of `refsys`."""
