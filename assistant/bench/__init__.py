"""Benchmarks that anyone can run: `sotto bench NAME`."""
