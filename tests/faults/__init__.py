"""The fault harness: `make faults`. What it proves and how to repeat it stands in docs/faults.md."""
