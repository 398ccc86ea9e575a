"""Widgets. Each gets its data through a `show` method and does not depend on the app."""
