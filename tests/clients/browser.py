"""A browser for the tests of web applications: one visitor, with cookies."""

import http.client

from medusa import LIMIT


class Browser:
    """Asks one web server for pages, and keeps its cookie."""

    def __init__(self, port):
        self.port = port
        self.cookie = ""

    def get(self, path):
        """Gives the status and the text of a page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        try:
            connection.request("GET", path, headers={"Cookie": self.cookie} if self.cookie else {})
            response = connection.getresponse()
            cookie = response.getheader("Set-Cookie")
            if cookie:
                self.cookie = cookie.split(";")[0]
            return response.status, response.read().decode()
        finally:
            connection.close()
