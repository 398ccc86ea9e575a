"""The input side of the terminal: bytes to control sequences, control sequences to Textual events."""
