"""What people set and see besides answers, and what admins do, in Slack.

The way of a press or a command: `front` reads it and, after `admins` has said that this person may do it now,
sends it on to the use case that does it; the files named ``..._view`` draw what comes of it.
"""
