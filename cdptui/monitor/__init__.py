"""The monitor without a user interface: polls one management node and yields frozen updates."""
