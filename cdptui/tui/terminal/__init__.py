"""The terminal: driver, input decoding, screen buffer, output and clipboard."""
