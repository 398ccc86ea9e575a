"""The HTTP API of the management node. No other package knows its paths and field names."""

from cdptui.api import lean as lean
