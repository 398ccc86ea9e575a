"""Faults of the simulated node: how they are written, when they apply, what they answer."""
