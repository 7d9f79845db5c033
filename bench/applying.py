# plumb apply: new, unchanged, diff, dry run, until all is ready; beside psql that inserts the same rows; and how cost grows.
import os

import manifests
from figures import median
from server import timed

# What DESIGN section 10 asks of 1,000 resources, in seconds.
NEW_LIMIT, NEW_RATIO = 0.25, 3
UNCHANGED_LIMIT, CONVERGED_LIMIT = 0.1, 0.5
HUNDRED_THOUSAND_UNCHANGED = 3.0
# Cost of one object in a set ten times as large; of a new object beside a hundred times as many stored ones.
LINEAR, LOGARITHMIC = 1.25, 1.5

TABLE = """CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE bench.row (tenant uuid NOT NULL, uid uuid NOT NULL, kind smallint NOT NULL, name text COLLATE "C" NOT NULL,
  spec jsonb NOT NULL, created timestamptz NOT NULL, PRIMARY KEY (tenant, uid), UNIQUE (tenant, kind, name))"""


class Applying:
    def __init__(self, server, report, work, rounds):
        self.server, self.report, self.work, self.rounds = server, report, work, rounds
        self.spent = 0
        server.query(TABLE)

    def new_tenants(self, count):
        """Tenants that nothing is in yet, so that every round begins alike."""
        names = [f"bench-{self.spent + number}" for number in range(count)]
        self.spent += count
        path = os.path.join(self.work, "tenants.yaml")
        manifests.tenants(path, names)
        self.server.plumb("apply", "-f", path, "--set", f"tenants-{self.spent}")
        return names

    def set_of(self, tenant, count, first=0):
        return manifests.write(os.path.join(self.work, f"{tenant}-{first}"), tenant, count, first)

    def apply(self, folder, tenant, *more):
        return self.server.plumb("apply", "-f", folder, "--set", tenant, *more)

    def insert(self, count, rounds):
        """Seconds of psql inserting `count` rows into an empty table, whole process, fsync on as in the server."""
        path = manifests.sql(os.path.join(self.work, "rows.sql"), "bench.row", count)
        samples = []
        for _ in range(rounds):
            self.server.query("TRUNCATE bench.row")
            samples.append(timed(self.server.psql() + ["-f", path]))
        self.server.query("TRUNCATE bench.row")
        return samples

    def thousand(self):
        """The 1,000 of the table; returns the tenant whose objects stay in use."""
        group = "1,000 resources"
        tenants = self.new_tenants(self.rounds)
        folders = [self.set_of(tenant, 1000) for tenant in tenants]
        first = self.apply(folders[0], tenants[0])
        self.server.settle()
        self.report.add("memory of plumb serve", "1,000 objects", self.server.resident(), "MiB", limit=64, note="resident, after the load")
        # In turns, so that a loaded moment of the machine meets both.
        new, rows = [], []
        for tenant, folder in zip(tenants[1:], folders[1:]):
            rows += self.insert(1000, 1)
            new.append(self.apply(folder, tenant))
            self.server.settle()
        insert = median(rows)
        self.report.add(group, "psql inserts the rows", insert, "s", samples=rows, note="whole process; the measure for apply")
        note = f"the first on a new server {first * 1000:.0f} ms"
        self.report.add(group, "apply new", median(new), "s", limit=NEW_LIMIT, samples=new, note=note)
        self.report.add(group, "apply new, times psql", median(new) / insert, "x", limit=NEW_RATIO)
        self.unchanged(group, folders[0], tenants[0], [UNCHANGED_LIMIT] * 3, self.rounds)
        self.converged(group)
        return tenants[0]

    def unchanged(self, group, folder, tenant, limits, rounds):
        """Applies, compares and tries out a set that is stored as it stands; returns the apply's median."""
        verbs = [("apply unchanged", ["apply"]), ("diff unchanged", ["diff"]), ("dry run unchanged", ["apply", "--dry-run"])]
        medians = []
        for (name, verb), limit in zip(verbs, limits):
            samples = [self.server.plumb(verb[0], "-f", folder, "--set", tenant, *verb[1:]) for _ in range(rounds)]
            medians.append(median(samples))
            self.report.add(group, name, medians[-1], "s", limit=limit, samples=samples)
        return medians[0]

    def converged(self, group):
        samples = []
        for tenant in self.new_tenants(self.rounds):
            samples.append(self.apply(self.set_of(tenant, 1000), tenant, "--wait"))
        self.report.add(group, "apply until all are ready", median(samples), "s", limit=CONVERGED_LIMIT, samples=samples)

    def large(self, count, rounds):
        """The same with more; returns seconds an object: new, unchanged. The tenant is the last one made."""
        group = f"{count:,} resources"
        tenants = self.new_tenants(rounds)
        rows = self.insert(count, rounds)
        new = []
        for tenant in tenants:
            new.append(self.apply(self.set_of(tenant, count), tenant))
            self.server.settle(limit=600)
        insert = median(rows)
        self.report.add(group, "psql inserts the rows", insert, "s", samples=rows)
        self.report.add(group, "apply new", median(new), "s", samples=new)
        self.report.add(group, "apply new, times psql", median(new) / insert, "x", limit=NEW_RATIO)
        limit = HUNDRED_THOUSAND_UNCHANGED if count == 100_000 else None
        folder = os.path.join(self.work, f"{tenants[-1]}-0")
        same = self.unchanged(group, folder, tenants[-1], [limit, None, None], rounds)
        return tenants[-1], median(new) / count, same / count

    def growth(self, costs, tenant, stored):
        """`costs`: count → (seconds a new object, seconds an unchanged one)."""
        group = "growth"
        counts = sorted(costs)
        for small, large in zip(counts, counts[1:]):
            for which, name in enumerate(["a new object", "an unchanged object"]):
                cost, base = costs[large][which], costs[small][which]
                note = f"{cost * 1e6:.0f} us beside {base * 1e6:.0f} us"
                self.report.add(group, f"{name}: in {large:,} beside {small:,}", cost / base, "x", limit=LINEAR, note=note)
        samples = []
        for number in range(3):
            first = stored + number * 1000
            samples.append(self.apply(self.set_of(tenant, 1000, first), f"{tenant}-more-{number}"))
            self.server.settle()
        cost = median(samples) / 1000
        self.report.add(
            group, f"1,000 new: with {stored:,} stored beside none", cost / costs[1000][0], "x", limit=LOGARITHMIC,
            note=f"{cost * 1e6:.0f} us an object", samples=samples)
