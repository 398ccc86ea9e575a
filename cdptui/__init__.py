"""Terminal monitor for the Continuous Data Protection tasks of ZStack Cloud."""

__version__ = "0.1.0"
