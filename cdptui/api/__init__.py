"""The management node over HTTP: the only room that knows URLs and names on the wire."""

from cdptui.api import lean as lean
