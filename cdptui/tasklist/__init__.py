"""The task list as a model: filtered, sorted and grouped rows, updated in time slices. It knows no Textual."""
