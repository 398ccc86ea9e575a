"""The plugin that fails a run which changed a device, on a pytest run of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = """
from pathlib import Path
from tests.device_guard import DeviceGuard

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(DeviceGuard((Path(__file__).with_name("device"),)))
"""


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize(("body", "code"), [("DEVICE.chmod(0o600)", 1), ("DEVICE.unlink()", 1), ("DEVICE.stat()", 0)])
def test_run_that_changes_a_device_fails(tmp_path: Path, body: str, code: int, workers: str) -> None:
    device = tmp_path / "device"
    device.touch()
    device.chmod(0o666)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    test = f"import pathlib\nDEVICE = pathlib.Path({str(device)!r})\ndef test_inner():\n    {body}\n"
    (tmp_path / "test_inner.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-c", str(tmp_path / "pytest.ini"), "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-n", workers, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"} | {"PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert ("devices that were changed by the run" in done.stdout) == bool(code)
