"""A headless Chromium, driven through its DevTools protocol: JSON messages over two pipes."""

import base64
import json
import os
import select
import shutil
import subprocess
import time

from medusa import SLOWNESS

NAMES = ("chromium", "chromium-browser", "google-chrome")
LIMIT = 20 * SLOWNESS  # seconds for an answer, and for what a page is to reach
FLAGS = [
    "--headless=new",
    "--no-sandbox",  # which root may not have; only our own pages are loaded
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-pipe",
]


def find():
    """Gives the path of the browser, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A browser with one page in it; `events` is what it has told since the last open()."""

    def __init__(self, program, home):
        there, self.commands = os.pipe()
        self.messages, back = os.pipe()
        # It reads its commands from descriptor 3, and writes to 4.
        shell = f'exec "$@" 3<&{there} 4>&{back}'
        self.log = open(home / "chromium.log", "wb")
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "bash", program, *FLAGS, f"--user-data-dir={home}/profile"],
            pass_fds=(there, back),
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )
        os.close(there)
        os.close(back)
        self.received = b""
        self.count = 0
        self.events = []
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def close(self):
        self.process.terminate()
        self.process.wait(LIMIT)
        os.close(self.commands)
        os.close(self.messages)
        self.log.close()

    def read(self, until):
        """Waits for one message, until a moment of time.monotonic()."""
        while b"\0" not in self.received:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.messages], [], [], left)[0]:
                raise AssertionError("the browser has not answered in time")
            more = os.read(self.messages, 1 << 16)
            assert more, "the browser has ended"
            self.received += more
        message, _, self.received = self.received.partition(b"\0")
        return json.loads(message)

    def call(self, method, **parameters):
        """Calls a method of the protocol; gives its result."""
        self.count += 1
        call = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            call["sessionId"] = self.session
        os.write(self.commands, json.dumps(call).encode() + b"\0")
        until = time.monotonic() + LIMIT
        while True:
            message = self.read(until)
            if message.get("id") == self.count:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def told(self, method):
        """Gives the parameters of all events of a kind since the last open()."""
        return [event["params"] for event in self.events if event["method"] == method]

    def run(self, script):
        """Runs JavaScript as if a reader had clicked; gives its value, or what it promises."""
        how = {"returnByValue": True, "awaitPromise": True, "userGesture": True}
        result = self.call("Runtime.evaluate", expression=script, **how)
        assert "exceptionDetails" not in result, f"{script}: {result['exceptionDetails']}"
        return result["result"].get("value")

    def wait(self, script, what, pause=0.02):
        """Waits until JavaScript gives something true, with pauses in seconds; gives it."""
        until = time.monotonic() + LIMIT
        while not (value := self.run(script)):
            assert time.monotonic() < until, f"not in time: {what}"
            time.sleep(pause)
        return value

    def open(self, url):
        """Opens a page, and waits until all of it is loaded."""
        self.events.clear()
        self.call("Page.navigate", url=url)
        until = time.monotonic() + LIMIT
        while not self.told("Page.loadEventFired"):
            message = self.read(until)
            if "method" in message:
                self.events.append(message)

    def resize(self, width, height):
        """Makes the window of the page so many CSS pixels large."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def prefer(self, scheme, media=""):
        """Lets the reader prefer a scheme, "light" or "dark", and perhaps a medium, "print"."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def screenshot(self, path):
        """Saves what the window shows."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def problems(self, origin):
        """Gives what has gone wrong since open(): errors, and requests to other places."""
        found = [each["exceptionDetails"]["text"] for each in self.told("Runtime.exceptionThrown")]
        for each in self.told("Runtime.consoleAPICalled"):
            if each["type"] in ("error", "assert"):
                found.append(f"console: {each['args']}")
        for each in self.told("Log.entryAdded"):
            if each["entry"]["level"] == "error":
                found.append(f"{each['entry']['text']} {each['entry'].get('url', '')}")
        for each in self.told("Network.requestWillBeSent"):
            url = each["request"]["url"]
            if not url.startswith((origin, "data:", "blob:")):
                found.append(f"a request to {url}")
        return found
