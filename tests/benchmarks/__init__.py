"""The benchmark suite: `python -m tests.benchmarks [NAME...] [--json F]`. Not part of the test command.

The installed cdptui on a real pty, against the real simulator in another process; peers in the same run.
"""
