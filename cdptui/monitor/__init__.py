"""The headless core: polls one management node and hands on frozen updates. Draws nothing, prints nothing."""
