"""One language to say which tasks are meant: the filter bar, views, commands and rules all read it here.

Pure: text to tree, tree to text, tree to a predicate over rows. Knows no screen, no server and no clock.
"""
