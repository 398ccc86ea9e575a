"""The APIs of the node: functions from calls to responses, without HTTP."""
