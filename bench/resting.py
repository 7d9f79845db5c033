# Starting, and what the server costs when nothing happens.
import shutil
import time

from figures import median
from server import Server

FRESH_LIMIT, RESTART_LIMIT = 3.0, 0.3
# Statements a second may not depend on how much is stored; this much they may differ by chance.
IDLE_LIMIT, IDLE_SLACK = 1.25, 0.5


def starts(program, data, report, rounds):
    """From nothing, then after clean stops; returns the running server."""
    fresh, again = [], []
    for _ in range(rounds):
        shutil.rmtree(data, ignore_errors=True)
        server = Server(program, data)
        fresh.append(server.start())
        server.stop()
    for _ in range(rounds):
        again.append(server.start())
        server.stop()
    report.add("start to ready", "from nothing", median(fresh), "s", limit=FRESH_LIMIT, samples=fresh, note="its own PostgreSQL made")
    report.add("start to ready", "after a clean stop", median(again), "s", limit=RESTART_LIMIT, samples=again, note="empty")
    server.start()
    return server


def restart(server, report, rounds, stored):
    again = []
    for _ in range(rounds):
        server.stop()
        again.append(server.start())
    report.add("start to ready", f"after a clean stop, {stored:,} objects", median(again), "s", limit=RESTART_LIMIT, samples=again)


def idle(server, report, stored, seconds, base=None):
    """Statements per second while nobody asks anything."""
    server.settle()
    time.sleep(1)
    begin, start = server.metric("plumb_statements_total"), time.monotonic()
    time.sleep(seconds)
    rate = (server.metric("plumb_statements_total") - begin) / (time.monotonic() - start)
    limit = None if base is None else base * IDLE_LIMIT + IDLE_SLACK
    report.add("idle", f"{stored:,} objects", rate, "statements/s", limit=limit, note=f"over {seconds} s")
    return rate
