"""The task list as a model: filtered, sorted and grouped rows, updated in time slices. Does not import Textual."""
