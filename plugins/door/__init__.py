"""The door: the only way out. Released intents go to an MQTT broker, and nothing else does."""
