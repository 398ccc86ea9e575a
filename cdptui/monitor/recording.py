"""Build the recorder of a node: what of a task is recorded, and where."""

from __future__ import annotations

from pathlib import Path

from cdptui.api.record_compression import decompress_split
from cdptui.api.record_template import VALUE_NAMES, RecordValues
from cdptui.clock import Clock
from cdptui.config.private_files import create_folder
from cdptui.config.recording import RecordSettings
from cdptui.history.recorder import Recorder, RecordingFileSpec
from cdptui.models.task import Task


def create_recorder(settings: RecordSettings, clock: Clock) -> Recorder:
    """Return the recorder of a node, which is not started."""

    def prepare() -> Path:
        if settings.prepare is not None:
            settings.prepare()
        else:
            create_folder(settings.file.parent)
        return settings.file

    spec = RecordingFileSpec(
        prepare,
        settings.limit_bytes,
        {"node": settings.node, "account": settings.account, "values": ",".join(VALUE_NAMES)},
        _split_task,
        len(VALUE_NAMES),
    )
    return Recorder(spec, clock)


def _split_task(task: Task) -> tuple[bytes, RecordValues]:
    return decompress_split(task.raw)
