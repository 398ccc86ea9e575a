"""A simulated ZStack management node, for demos and for tests on a real socket.

It is independent of the client: it follows the vendor's server and imports no other package of ours. It simulates one
node over plain HTTP, nothing else.
"""
