# GET of one view beside the bare server, and LIST.
import re
import subprocess

from figures import median
from server import Failed, environment
from web import Web

CONNECTIONS = 32
GET_SHARE, GET_P99 = 0.5, 0.005
LIST_LIMIT, LIST_AGAIN_LIMIT = 0.010, 0.005
LIST_TRIES = 20
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def load(server, path, headers, seconds):
    """Requests per second and the p99 in seconds, from wrk."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    for key, value in headers.items():
        command += ["-H", f"{key}: {value}"]
    done = subprocess.run(
        command + [f"http://127.0.0.1:{server.port}{path}"], capture_output=True, env=environment(), timeout=seconds + 60)
    text = done.stdout.decode()
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    if not rate or not slow or "Non-2xx" in text:
        raise Failed(f"wrk {path}: {text[-300:]}{done.stderr.decode()[-300:]}")
    return float(rate.group(1)), float(slow.group(1)) * UNITS[slow.group(2)]


def get(server, report, tenant, rounds, seconds):
    """In turns with /livez: bytes from memory by the same HTTP server, without authentication or views."""
    web = Web(server, tenant)
    uid = web.json("GET", "/deploy/api/projects?limit=1")[0]["id"]
    path = f"/deploy/api/projects/{uid}"
    size = len(web.ask("GET", path))
    bare, view = [], []
    for _ in range(rounds):
        bare.append(load(server, "/livez", {}, seconds))
        view.append(load(server, path, web.headers, seconds))
    web.close()
    group = f"GET, {CONNECTIONS} kept connections"
    base, rate = median([one[0] for one in bare]), median([one[0] for one in view])
    report.add(group, "bare server (/livez)", base, "/s", samples=[one[0] for one in bare], note="the measure for GET")
    report.add(
        group, "one view, authenticated", rate, "/s", limit=GET_SHARE * base, least=True, samples=[one[0] for one in view],
        note=f"{rate / base:.2f} of the bare server; {size} bytes")
    slow = [one[1] for one in view]
    report.add(group, "one view, p99", median(slow), "s", limit=GET_P99, samples=slow, note=f"bare {median([one[1] for one in bare]) * 1000:.1f} ms")


def listing(server, report, tenant):
    """LIST of 1,000, first after a write, then again."""
    web = Web(server, tenant)
    path = "/deploy/api/projects?limit=1000"
    uid = web.json("GET", "/deploy/api/projects?limit=1")[0]["id"]
    first, again = [], []
    size = 0
    for number in range(LIST_TRIES):
        web.ask("PATCH", f"/deploy/api/projects/{uid}", {"name": f"list {number}"})
        seconds, data = web.timed(path)
        size = len(data)
        first.append(seconds)
        again.append(web.timed(path)[0])
    count = len(web.json("GET", path))
    web.close()
    if count != 1000:
        raise Failed(f"LIST gave {count} items")
    report.add("LIST of 1,000", "after a write", median(first), "s", limit=LIST_LIMIT, samples=first, note=f"{size >> 10} KiB")
    report.add("LIST of 1,000", "again", median(again), "s", limit=LIST_AGAIN_LIMIT, samples=again)
