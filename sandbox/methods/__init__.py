"""The Web API's methods over the state, one function each, by family. Pure: arguments in, Slack's answer out.

``table`` lists them all. What is not there, Slack's answer to it is ``unknown_method``: a success that means
nothing helps nobody.
"""
