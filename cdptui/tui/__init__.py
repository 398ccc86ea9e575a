"""The terminal user interface: draws the monitor's updates and passes the user's requests to it. Sends no requests."""
