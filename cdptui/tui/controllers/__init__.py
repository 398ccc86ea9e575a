"""Controllers: held by the screen and its widgets, tested without Textual."""
