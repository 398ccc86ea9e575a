"""Widgets: each gets its data through one method, `show`, and knows nothing of the app."""
