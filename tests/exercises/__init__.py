"""The tests of the exercises: a stage as it stands fails them, its solution passes them.

A package, so that the conftest.py in here does not take the name of the one above.
"""
