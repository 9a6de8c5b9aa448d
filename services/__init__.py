"""Every edge that speaks a command line or HTTP; the composition root."""
