"""Level-1 products in SAFE form: names, annotation, measurement, and their readers."""
