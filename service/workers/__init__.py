"""Several processes that serve on one port, and the one that watches over them.

gunicorn keeps the processes; each runs the same service as a process alone does. They share one listening socket, so
that what waits in its queue is anybody's: a worker that dies takes none of it along.
"""
