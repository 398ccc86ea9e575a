"""A simulated ZStack management node, for demos and for tests on a real socket.

It is a stranger: it follows the vendor's server, never our client, and imports nothing of ours. It refuses to be
anything but one node that speaks plain HTTP.
"""
