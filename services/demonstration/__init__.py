"""`refsys demo`: inputs, checks, report."""
