# HTTP as a program speaks it: a kept connection, and an event stream.
import http.client
import json
import threading
import time

ANSWER_LIMIT = 60.0


class Web:
    """One kept connection to the server, as the administrator acting in a tenant."""

    def __init__(self, server, tenant):
        self.headers = {"Authorization": f"Bearer {server.token}", "X-Tenant-ID": tenant}
        self.link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_LIMIT)
        self.link.connect()

    def ask(self, method, path, body=None):
        """Returns the parsed answer; an answer that is no success is an error."""
        headers, text = self.headers, None
        if body is not None:
            headers, text = {**headers, "Content-Type": "application/json"}, json.dumps(body)
        self.link.request(method, path, text, headers)
        response = self.link.getresponse()
        data = response.read()
        if not 200 <= response.status < 300:
            raise RuntimeError(f"{method} {path}: {response.status} {data[:300]!r}")
        return data

    def json(self, method, path, body=None):
        return json.loads(self.ask(method, path, body))

    def timed(self, path):
        start = time.perf_counter()
        data = self.ask("GET", path)
        return time.perf_counter() - start, data

    def close(self):
        self.link.close()


class Watch:
    """Follows the event stream in a thread; notes when the event that brought each title was read."""

    def __init__(self, server, tenant, kind):
        self.link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_LIMIT)
        self.link.request(
            "GET", f"/plumb/v1/watch?tenant={tenant}&kinds={kind}",
            headers={"Authorization": f"Bearer {server.token}", "Accept": "text/event-stream"})
        self.response = self.link.getresponse()
        if self.response.status != 200:
            raise RuntimeError(f"watch: {self.response.status} {self.response.read(300)!r}")
        self.seen = {}
        self.arrived = threading.Condition()
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        try:
            while line := self.response.readline():
                if not line.startswith(b"data:"):
                    continue
                now = time.perf_counter()
                event = json.loads(line[5:])
                with self.arrived:
                    self.seen[((event.get("object") or {}).get("spec") or {}).get("title")] = now
                    self.arrived.notify_all()
        except (OSError, ValueError, AttributeError):
            pass

    def when(self, title, limit=10.0):
        with self.arrived:
            if not self.arrived.wait_for(lambda: title in self.seen, limit):
                raise RuntimeError(f"no event of \"{title}\" within {limit} s")
            return self.seen[title]

    def close(self):
        self.link.close()
