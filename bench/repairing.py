# Drift put right, and how soon a watcher hears of a commit.
import time

from figures import median, percentile
from server import Failed, Session
from web import Watch, Web

TRIES, WRITES = 50, 200
REPAIR_LIMIT, WATCH_LIMIT = 0.005, 0.020
GIVE_UP = 5.0


def drift(server, report, tenant):
    """Changes an object's observed row by hand, then looks until it is as it was."""
    session = Session(server)
    session.run("SET search_path = plumb")
    rows = session.run(
        "SELECT b.tenant || ' ' || b.uid FROM observed b JOIN object o USING (tenant, uid) JOIN kind k ON k.id = o.kind "
        "JOIN object t ON t.uid = o.tenant AND t.name = " + quoted(tenant) + f" WHERE k.name = 'Project' ORDER BY o.name LIMIT {TRIES}"
    ).split("\n")
    samples = []
    for row in rows:
        owner, uid = row.split()
        where = f"WHERE tenant = '{owner}' AND uid = '{uid}'"
        start = time.perf_counter()
        session.run(f"UPDATE observed SET status = '{{\"conditions\": []}}' {where}")
        while session.run(f"SELECT status->'conditions'->0->>'type' FROM observed {where}") != "Ready":
            if time.perf_counter() - start > GIVE_UP:
                raise Failed(f"not repaired within {GIVE_UP} s")
            time.sleep(0.0003)
        samples.append(time.perf_counter() - start)
        time.sleep(0.02)
    session.close()
    report.add(
        "drift and watch", "drifted object repaired, p50", median(samples), "s", limit=REPAIR_LIMIT, samples=samples,
        note=f"{len(samples)} tries, p99 {percentile(samples, 0.99) * 1000:.1f} ms; from the hand's UPDATE on")


def watch(server, report, tenant):
    """Writes one object after another; a watcher on a connection of its own reads the events."""
    web = Web(server, tenant)
    follower = Watch(server, tenant, "Project")
    uids = [item["id"] for item in web.json("GET", "/deploy/api/projects?limit=10")]
    web.ask("PATCH", f"/deploy/api/projects/{uids[0]}", {"name": "first"})
    follower.when("first")
    whole, after = [], []
    for number in range(WRITES):
        mark = f"write {number}"
        start = time.perf_counter()
        web.ask("PATCH", f"/deploy/api/projects/{uids[number % len(uids)]}", {"name": mark})
        answered = time.perf_counter()
        heard = follower.when(mark)
        whole.append(heard - start)
        after.append(max(0.0, heard - answered))
    follower.close()
    web.close()
    report.add(
        "drift and watch", "commit to watcher, p99", percentile(whole, 0.99), "s", limit=WATCH_LIMIT, samples=whole,
        note=f"{WRITES} writes, the write itself included; p50 {median(whole) * 1000:.1f} ms; p50 after the answer {median(after) * 1000:.1f} ms")


def quoted(text):
    return "'" + text.replace("'", "''") + "'"
