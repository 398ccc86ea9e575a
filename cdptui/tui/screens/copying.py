"""The copy menu."""

from __future__ import annotations

from textual.screen import Screen

from cdptui.config.address import api_of
from cdptui.models.vitals import Vitals
from cdptui.monitor.build import Link
from cdptui.render.copies import copies
from cdptui.tui.messages import CopyWanted
from cdptui.tui.screens.choice import Choice, ChoiceMenu


def ask_what_to_copy(screen: Screen[None], row: Vitals | None, link: Link, node: str) -> bool:
    """Let somebody choose what of a task to copy; `link` has its JSON, `node` is where it came from. False: no task."""
    if row is None:
        return False
    offered = {copy.id: copy for copy in copies(row.task, link.record(row.task), api_of(node))}

    def want(chosen: str | None) -> None:
        if chosen is not None:
            copy = offered[chosen]
            screen.post_message(CopyWanted(copy.label, copy.text))

    choices = [Choice(copy.id, copy.key, copy.label) for copy in offered.values()]
    screen.app.push_screen(ChoiceMenu("Copy", choices), want)
    return True
