"""This device in Home Assistant, by MQTT discovery: states, counts and closed names, no words."""
