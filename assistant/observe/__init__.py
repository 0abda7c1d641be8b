"""What the daemon shows of itself: states, counts and times, never a word."""
