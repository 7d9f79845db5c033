# Charging: meter values through PATCH, lists of many sessions, station views over many values.
import http.client
import json
import multiprocessing
import subprocess
import time

from figures import percentile
from web import ANSWER_LIMIT, Web

BASE = "/charging/v1"
INGEST_LIMIT = 20_000
LIST_LIMIT = STATION_LIMIT = 0.020
ANALYSIS_LIMIT = 0.001
CONNECTIONS = 4
PATCH_VALUES = 1000
SESSION_VALUES = 5_000
START = 1_772_150_400  # 2026-02-27T00:00:00Z
TRIES = 200
BATCH = 1000
BATCH_LIMIT = 250
SETTLE = 600


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def values(first, count, day=0):
    """Register and power of a steady charge, ten seconds apart, `day` days before the first."""
    made = []
    for at in range(first, first + count // 2):
        when = stamp(START - day * 86400 + at * 10)
        made.append({"timestamp": when, "measurand": "Energy.Active.Import.Register", "unit": "Wh", "value": at * 30.5})
        made.append({"timestamp": when, "measurand": "Power.Active.Import", "unit": "W", "value": 10_980 + at % 7})
    return made


def _sender(arguments):
    """One connection: sessions of 5,000 values, each appended to by PATCHes of 1,000. Bodies are made before the clock starts."""
    port, headers, worker, sessions, gate = arguments
    headers = {**headers, "Content-Type": "application/json"}
    parts = [
        [
            json.dumps({"meterValues": values(at * PATCH_VALUES // 2, PATCH_VALUES, day)}).encode()
            for at in range(SESSION_VALUES // PATCH_VALUES)
        ]
        for day in range(sessions)
    ]
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_LIMIT)

    def send(method, path, body):
        link.request(method, path, body, headers)
        response = link.getresponse()
        text = response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {path}: {response.status} {text[:300]!r}")

    names = [f"ingest-{worker}-{at}" for at in range(sessions)]
    for name in names:
        body = {"sessionId": name, "chargingStationId": f"CP-{worker}", "connectorId": "1"}
        send("POST", BASE + "/sessions", json.dumps(body).encode())
    gate.wait()
    begin = time.perf_counter()
    for name, bodies in zip(names, parts):
        for part in bodies:
            send("PATCH", f"{BASE}/sessions/{name}", part)
    return begin, time.perf_counter()


def ingest(server, report, tenant, total):
    """`total` values in all; the rate is over the time in which the first began and the last ended."""
    web = Web(server, tenant)
    headers = web.headers
    web.close()
    sessions = max(1, total // CONNECTIONS // SESSION_VALUES)
    with multiprocessing.Manager() as manager:
        gate = manager.Barrier(CONNECTIONS)
        with multiprocessing.Pool(CONNECTIONS) as pool:
            spans = pool.map(_sender, [(server.port, headers, at, sessions, gate) for at in range(CONNECTIONS)], chunksize=1)
    count = sessions * CONNECTIONS * SESSION_VALUES
    seconds = max(end for _, end in spans) - min(begin for begin, _ in spans)
    report.add(
        "charging", f"meter values through PATCH, {CONNECTIONS} connections", count / seconds, "/s", limit=INGEST_LIMIT, least=True,
        note=f"{count:,} values in PATCHes of {PATCH_VALUES:,}, each analysed and answered; sessions of {SESSION_VALUES:,}")


def fill(server, report, tenant, sessions):
    """Many sessions through batches, of ten values each, on a hundred stations; the seconds until the last batch was analysed."""
    web = Web(server, tenant)
    begin = time.perf_counter()
    for first in range(0, sessions, BATCH):
        body = []
        for at in range(first, min(first + BATCH, sessions)):
            made = values(0, 10)
            if at % 20 == 0:
                made[-2] = {**made[-2], "value": 0}
            body.append({
                "sessionId": f"many-{at}", "chargingStationId": f"ST-{at % 100}", "connectorId": str(at % 2), "evseId": f"E-{at % 200}",
                "meterValues": made,
            })
        batch = web.json("POST", BASE + "/sessions/batch", {"sessions": body})["batchId"]
        while web.json("GET", f"{BASE}/sessions/batch/{batch}?pageSize=1")["status"] in ("pending", "processing"):
            time.sleep(0.05)
    web.close()
    seconds = time.perf_counter() - begin
    report.add(
        "charging", "sessions through batches", sessions / seconds, "/s", limit=BATCH_LIMIT, least=True,
        note=f"{sessions:,} sessions of ten values in batches of {BATCH:,}, one after the other, each until it was analysed")
    # What autovacuum does within a minute or two, so that the figures do not depend on when it last came.
    server.settle(SETTLE)
    server.query("VACUUM ANALYZE plumb.object")


def lists(server, report, tenant, sessions):
    """Each request asks something else, so that no answer comes from memory."""
    asked = {
        "station, anomaly, score": lambda at: f"isAnomaly={'true' if at % 2 else 'false'}&minScore=0.{at % 9}{at:03}&chargingStationId=ST-{at % 100}",
        "anomaly, score, date": lambda at: f"isAnomaly=true&minScore=0.{at % 9}{at:03}&dateFrom=2026-01-01T00:00:{at % 60:02}Z",
        "EVSE, confidence, date": lambda at: f"evseId=E-{at}&minConfidence=0.{at % 9}{at:03}&dateFrom=2026-01-01T00:00:{at % 60:02}Z",
        "no anomaly, confidence, date: most of all match": lambda at: f"isAnomaly=false&minConfidence=0.0{at:03}&dateFrom=2026-01-01T00:00:{at % 60:02}Z",
    }
    web = Web(server, tenant)
    for name, filters in asked.items():
        took, total = [], 0
        for at in range(TRIES):
            seconds, answer = web.timed(f"{BASE}/sessions?pageSize=50&{filters(at)}")
            took.append(seconds)
            total = max(total, json.loads(answer)["pagination"]["totalCount"])
        report.add(
            "charging", f"list 50 of {sessions:,} sessions, p99 ({name})", percentile(took, 0.99), "s", limit=LIST_LIMIT,
            note=f"{TRIES} requests, all different, up to {total:,} match; p50 {percentile(took, 0.5) * 1000:.1f} ms", samples=took)
    web.close()


def judged(web, station):
    """Waits until the station's days have been judged, within its minute and a half."""
    for _ in range(90):
        try:
            return web.ask("GET", f"{BASE}/stations/{station}/inference")
        except RuntimeError as fault:
            if ": 404" not in str(fault):
                raise
        time.sleep(1)
    raise RuntimeError(f"station {station} was not judged within 90 s")


def stations(server, report, tenant, station, note):
    web = Web(server, tenant)
    judged(web, station)
    for name, path in (
        ("detail", ""), ("connectors", "/connectors"), ("energy", "/energy"), ("inference", "/inference"),
        ("shade-overview", "/shade-overview"), ("anomalies", "/anomalies"),
    ):
        took = [web.timed(f"{BASE}/stations/{station}{path}")[0] for _ in range(TRIES)]
        report.add(
            "charging", f"station {name}, p99", percentile(took, 0.99), "s", limit=STATION_LIMIT, note=f"{note}; p50 {percentile(took, 0.5) * 1000:.1f} ms",
            samples=took)
    web.close()


def analysis(plumb, report):
    """One core, no server: the program measures itself, the middle of many rounds."""
    said = subprocess.run([plumb, "quality", "--speed", "-o", "json"], capture_output=True, check=True, timeout=120)
    report.add("charging", "analysis of 200 values", json.loads(said.stdout)["milliseconds"] / 1000, "s", limit=ANALYSIS_LIMIT,
               note="no server, one core")


def measure(server, report, tenant, quick):
    """A quick run stores a tenth; its limits are those of the whole."""
    share = 10 if quick else 1
    ingest(server, report, tenant, 1_000_000 // share)
    stations(server, report, tenant, "CP-0", f"{1_000_000 // share:,} meter values stored, a quarter of them here")
    fill(server, report, tenant, 100_000 // share)
    lists(server, report, tenant, 100_000 // share)
