"""What crosses a process: message shapes, subjects, principals, errors, and the connection to NATS.

The leaf of the house: every other package may import it, and it imports none of them.
"""
