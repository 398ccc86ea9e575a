"""What each API of the node does with a call. No HTTP here: a call comes in, an answer goes out."""
