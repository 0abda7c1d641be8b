"""What was agreed: what may be done, kept and shared."""
