"""The skills and their host."""
