"""The filter language of the filter bar, saved views, commands and rules.

Parses text to an expression tree, formats a tree as text, and compiles it to a predicate over rows. Pure: no screen, no
server, no clock.
"""
