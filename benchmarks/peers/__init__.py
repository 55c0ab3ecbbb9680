"""Other ways to run the checkpoint, each a worker in an environment of its own.

A worker imports its own libraries and, of this project, only modules that need no others.
"""
