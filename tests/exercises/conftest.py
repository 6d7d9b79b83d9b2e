"""Keeps the tests of the exercises out of the suite: a stage as it stands fails them.

`tools/exercise` names the file that it wants, and a file that is named is not ignored.
"""


def pytest_ignore_collect():
    return True
