"""Types of the monitor and their arithmetic: frozen, pure, no I/O, no text for the user, no colours."""
