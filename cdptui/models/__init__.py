"""Nouns of the monitor and their arithmetic: frozen, pure, no I/O, no words for people, no colours."""
