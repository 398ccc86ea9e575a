"""The copy menu."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.screen import Screen

from cdptui.config.url import api_url
from cdptui.models.task_row import TaskRow
from cdptui.monitor.connection import NodeConnection
from cdptui.render.copy_formats import copy_formats
from cdptui.tui.messages import CopyWanted
from cdptui.tui.screens.choice import Choice, ChoiceMenu

MOST: Final = 1000
"""Tasks in one copy: what has more belongs into a file."""


def ask_what_to_copy(screen: Screen[None], rows: Sequence[TaskRow], link: NodeConnection, node: str) -> None:
    """Let somebody choose what of tasks to copy; `link` has their JSON, `node` is where they came from."""
    tasks = [row.task for row in rows]
    offered = {copy.id: copy for copy in copy_formats(tasks, [link.record(task) for task in tasks], api_url(node))}

    def want(chosen: str | None) -> None:
        if chosen is not None:
            copy = offered[chosen]
            screen.post_message(CopyWanted(copy.label, copy.text))

    choices = [Choice(copy.id, copy.key, copy.label) for copy in offered.values()]
    screen.app.push_screen(ChoiceMenu("Copy", choices), want)
