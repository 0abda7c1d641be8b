"""What homes do to computers, done on purpose to real processes; see docs/faults.md."""
