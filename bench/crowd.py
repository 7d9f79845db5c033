# Many watchers of one tenant, and three replicas over one PostgreSQL: how soon all hear of a commit, and how soon work moves when one dies.
import json
import os
import selectors
import shutil
import socket
import time

from figures import median, percentile
from server import Failed, Server
from web import Watch, Web

WATCHERS, WRITES, ACROSS = 1000, 20, 100
WATCH_LIMIT = 0.020
# A lease and a renewal, and what a renewal may be late.
TAKEOVER_LIMIT = 24 + 6 + 5
GIVE_UP = 60.0


class Crowd:
    """Event streams on as many connections, read by one thread."""

    def __init__(self, server, tenant, count):
        self.selector = selectors.DefaultSelector()
        self.links = []
        request = (
            f"GET /plumb/v1/watch?tenant={tenant}&kinds=Project HTTP/1.1\r\nHost: bench\r\n"
            f"Authorization: Bearer {server.token}\r\nAccept: text/event-stream\r\n\r\n").encode()
        for _ in range(count):
            link = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            link.sendall(request)
            self.links.append(link)
        for link in self.links:
            head = b""
            while b"\r\n\r\n" not in head:
                part = link.recv(4096)
                if not part:
                    raise Failed("a watch was closed")
                head += part
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise Failed(head.decode(errors="replace")[:200])
            link.setblocking(False)
            self.selector.register(link, selectors.EVENT_READ, bytearray())

    def heard(self, mark):
        """When each of them had read the event with this title."""
        times, needle, end = [], json.dumps(mark).encode(), time.perf_counter() + GIVE_UP
        waiting = set(self.links)
        while waiting:
            if time.perf_counter() > end:
                raise Failed(f"{len(waiting)} of {len(self.links)} watchers did not hear of {mark} within {GIVE_UP} s")
            for key, _ in self.selector.select(1):
                part = key.fileobj.recv(65536)
                if not part:
                    raise Failed("a watch was closed")
                key.data.extend(part)
                if needle in key.data:
                    if key.fileobj in waiting:
                        waiting.discard(key.fileobj)
                        times.append(time.perf_counter())
                    key.data.clear()
                elif len(key.data) > 1 << 20:
                    del key.data[:-65536]
        return times

    def close(self):
        for link in self.links:
            link.close()
        self.selector.close()


def watchers(server, report, tenant, count=WATCHERS):
    web = Web(server, tenant)
    uid = web.json("GET", "/deploy/api/projects?limit=1")[0]["id"]
    crowd = Crowd(server, tenant, count)
    firsts, lasts, all_times = [], [], []
    try:
        for number in range(WRITES):
            mark = f"crowd {number} of {count}"
            start = time.perf_counter()
            web.ask("PATCH", f"/deploy/api/projects/{uid}", {"name": mark})
            times = [at - start for at in crowd.heard(mark)]
            firsts.append(min(times))
            lasts.append(max(times))
            all_times += times
            time.sleep(0.05)
    finally:
        crowd.close()
        web.close()
    report.add(
        "watchers", f"{count:,} watchers, the last hears, p50", median(lasts), "s", samples=lasts,
        note=f"{WRITES} writes; the first {median(firsts) * 1000:.1f} ms, all p99 {percentile(all_times, 0.99) * 1000:.1f} ms; "
        f"server {server.resident():.0f} MiB")


def replicas(program, work, server, report, tenant):
    """Two more over the database of `server`."""
    others = []
    try:
        for number in (2, 3):
            data = os.path.join(work, f"replica-{number}")
            os.makedirs(data, exist_ok=True)
            shutil.copy(os.path.join(server.data, "key"), os.path.join(data, "key"))
            other = Server(program, data, ["--database", server.conninfo()])
            other.start()
            others.append(other)
        shared(server, 3)
        across(server, others[0], report, tenant)
        victim = others[1]
        victim.process.kill()
        victim.process.wait()
        start = time.perf_counter()
        shared(server, 2)
        report.add(
            "three replicas", "work of a killed one taken over", time.perf_counter() - start, "s", limit=TAKEOVER_LIMIT,
            note="from kill -9 until all shards are held by the living")
    finally:
        for other in others:
            other.stop()


def shared(server, living):
    """Waits until so many replicas hold all shards between them."""
    end = time.perf_counter() + GIVE_UP
    while time.perf_counter() < end:
        held = server.query(
            "SELECT count(*) || ' ' || count(DISTINCT r.id) FROM plumb.shard s JOIN plumb.replica r ON r.id = s.holder AND r.expires > now() "
            "WHERE s.host IS NULL")
        if held == f"64 {living}":
            return
        time.sleep(0.05)
    raise Failed(f"the shards are not shared by {living} replicas within {GIVE_UP} s")


def across(writer, reader, report, tenant):
    """Written at one replica, heard at another."""
    web, follower = Web(writer, tenant), Watch(reader, tenant, "Project")
    uid = web.json("GET", "/deploy/api/projects?limit=1")[0]["id"]
    samples = []
    for number in range(ACROSS):
        mark = f"across {number}"
        start = time.perf_counter()
        web.ask("PATCH", f"/deploy/api/projects/{uid}", {"name": mark})
        samples.append(follower.when(mark) - start)
    follower.close()
    web.close()
    report.add(
        "three replicas", "commit to watcher of another, p99", percentile(samples, 0.99), "s", limit=WATCH_LIMIT, samples=samples,
        note=f"{ACROSS} writes, the write itself included; p50 {median(samples) * 1000:.1f} ms")
