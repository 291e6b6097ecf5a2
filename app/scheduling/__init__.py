"""Schedules: when a workflow starts by itself. `times` and `policy` decide, `loop` is the worker's part."""
