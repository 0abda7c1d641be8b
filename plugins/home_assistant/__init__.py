"""Home Assistant: its things are the house, and its services do what is asked."""
