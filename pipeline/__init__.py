"""Sound to meaning."""
