"""What a production chain is: triggers, input selection, planning, processors, and the Sentinel rules."""
