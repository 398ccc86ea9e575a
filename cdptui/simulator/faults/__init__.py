"""Faults of the simulated node: specification, rules and responses."""
