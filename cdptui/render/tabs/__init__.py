"""The tabs of the detail pane: one module for each tab, which turns a task and its context into lines."""
