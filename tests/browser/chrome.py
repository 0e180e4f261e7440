"""Debian's Chromium over its debugging pipe: just what the browser tests need."""
import json, os, subprocess, tempfile, time


class Chrome:
    def __init__(self, width=1300, height=1000):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_child, self.out = os.pipe()
        self.inp, from_child = os.pipe()

        def wire():  # the pipe's ends are file descriptors 3 and 4 of the browser
            a, b = os.dup(to_child), os.dup(from_child)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--force-device-scale-factor=1",
             "--remote-debugging-pipe", f"--user-data-dir={self.profile.name}",
             f"--window-size={width},{height}", "about:blank"],
            close_fds=False, preexec_fn=wire, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_child)
        os.close(from_child)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def message(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.inp, 1 << 16)
            if not piece:
                raise RuntimeError("the browser has gone")
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.out, json.dumps(request).encode() + b"\0")
        while True:
            m = self.message()
            if m.get("id") == self.number:
                if "error" in m:
                    raise RuntimeError(f"{method}: {m['error']}")
                return m["result"]
            self.events.append(m)

    def run(self, expression):
        """The value of a JavaScript expression (promises are awaited)."""
        r = self.call("Runtime.evaluate", expression=expression, awaitPromise=True,
                      returnByValue=True)
        if "exceptionDetails" in r:
            raise RuntimeError(r["exceptionDetails"]["exception"].get("description", "error"))
        return r["result"].get("value")

    def open(self, url, ready="document.readyState === 'complete'"):
        self.call("Page.navigate", url=url)
        end = time.time() + 60
        while not self.run(f"location.href === {url!r} && ({ready})"):
            if time.time() > end:
                raise RuntimeError(f"{url}: not ready: {self.complaints()}")
            time.sleep(0.05)

    def complaints(self):
        """All that the console, the page or the network has to complain of."""
        out = []
        for e in self.events:
            m, p = e.get("method"), e.get("params", {})
            if m == "Runtime.exceptionThrown":
                out.append(p["exceptionDetails"]["exception"].get("description", "exception"))
            elif m == "Runtime.consoleAPICalled":
                out.append(f"console.{p['type']}: {p['args']}")
            elif m == "Log.entryAdded":
                out.append(p["entry"]["text"])
            elif m == "Network.requestWillBeSent" and \
                    p["request"]["url"].split(":")[0] not in ("file", "data", "blob", "about"):
                out.append("the page asked for " + p["request"]["url"])
        return out

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(10)
        except (RuntimeError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.profile.cleanup()
