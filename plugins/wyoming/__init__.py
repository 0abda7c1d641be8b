"""Home Assistant's voice protocol: services for it, its satellite, and a microphone elsewhere."""
