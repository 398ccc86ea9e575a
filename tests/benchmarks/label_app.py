"""The minimum of the framework: an app with one label. Run as a file, so that nothing else is imported."""

from textual.app import App, ComposeResult
from textual.widgets import Label


class LabelApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Label("one label")


if __name__ == "__main__":
    LabelApp().run()
