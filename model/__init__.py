"""The nouns: frozen values and settings, no I/O."""
