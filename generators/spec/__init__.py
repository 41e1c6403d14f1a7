"""The spec's own room: its model (with the JSON Schema for editors) and the way from text to the model."""
