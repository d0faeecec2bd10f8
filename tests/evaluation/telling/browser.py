"""A headless Chromium that opens a page, by its own protocol over a websocket."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
MOUSE = "primaryPointerType=4,availablePointerTypes=4,primaryHoverType=2,availableHoverTypes=2"
"""What a browser without a screen is told: there is a mouse, fine and hovering."""
WAIT = 300
"""Seconds within which a busy machine answers."""


def installed() -> str | None:
    """The browser's program, where there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """One page; what its console says and which errors it has are in `complaints`."""

    def __init__(self, socket: ClientConnection) -> None:
        """Listen to errors."""
        self._socket, self._numbers = socket, itertools.count(1)
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a method of the protocol. Raises AssertionError where it fails."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=WAIT))
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        said = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(said["exceptionDetails"]))
        elif message.get("method") == "Log.entryAdded" and said["entry"]["level"] != "info":
            self.complaints.append(said["entry"]["text"])
        elif message.get("method") == "Runtime.consoleAPICalled" and said["type"] in (
            *("error", "warning", "assert"),
        ):
            self.complaints.append(json.dumps(said["args"]))

    def open(self, file: Path, width: int, *, dark: bool = False, scripts: bool = True) -> None:
        """Show `file` at `width` pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Page.navigate", url=file.resolve().as_uri())
        self.wait("document.readyState == 'complete'") if scripts else time.sleep(2)

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression, of a promise what it comes to."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until `condition` is true. Raises TimeoutError."""
        end = time.monotonic() + WAIT
        while not self.ask(f"Boolean({condition})"):
            if time.monotonic() > end:
                raise TimeoutError(f"{condition} never came; {self.complaints}")
            time.sleep(0.1)

    def click(self, element: str) -> None:
        """Press and release the mouse in the middle of what the expression `element` gives."""
        self.drag(element, (0.5, 0.5), (0.5, 0.5))

    def drag(self, element: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse at `start`, in parts of the element's size, and let it go at `end`."""
        box = (
            f"(e => {{ e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect(); "
            f"return [r.x, r.y, r.width, r.height]; }})({element})"
        )
        x, y, width, height = self.ask(box)
        said = [("mousePressed", start), ("mouseReleased", end)]
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        said[1:1] = [("mouseMoved", place) for place in (middle, end) if start != end]
        for kind, (across, down) in said:
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=x + across * width,
                y=y + down * height,
                button="left",
                buttons=int(kind != "mouseReleased"),
                clickCount=int(kind != "mouseMoved"),
            )

    def picture(self, file: Path, whole: bool = False) -> None:
        """A picture of what is seen, or of the whole page."""
        found = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def browser() -> Iterator[Tab]:
    """A tab of a browser that ends with the block."""
    program = installed()
    assert program
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        flags += ["--remote-debugging-port=0", f"--user-data-dir={folder}", "--disable-extensions"]
        flags += [f"--blink-settings={MOUSE}"]
        process = subprocess.Popen([program, *flags, "about:blank"], stderr=subprocess.DEVNULL)
        try:
            port = _port(Path(folder) / "DevToolsActivePort")
            with urlopen(f"http://127.0.0.1:{port}/json", timeout=WAIT) as answer:
                pages = [each for each in json.load(answer) if each["type"] == "page"]
            where = pages[0]["webSocketDebuggerUrl"]
            with connect(where, max_size=None, open_timeout=WAIT, ping_interval=None) as socket:
                yield Tab(socket)
        finally:
            process.terminate()
            process.wait()


def _port(file: Path) -> int:
    """The port that the browser chose, once it has."""
    end = time.monotonic() + WAIT
    while not (file.exists() and "\n" in file.read_text()):
        if time.monotonic() > end:
            raise TimeoutError("the browser did not start")
        time.sleep(0.1)
    return int(file.read_text().split("\n")[0])
