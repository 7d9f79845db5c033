# Measures the table of speeds in one run: each figure beside its limit. See docs/BENCHMARKS.md.
import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time

import charging
import crowd
import repairing
import resting
import serving
from applying import Applying
from figures import Report
from server import Failed

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def options():
    parser = argparse.ArgumentParser(description="Measure plumb beside its limits.")
    parser.add_argument("--quick", action="store_true", help="1,000 objects only, fewer rounds: about a minute")
    parser.add_argument("--plumb", default=os.path.join(ROOT, ".build", "release", "plumb"), help="the program; else the release build")
    parser.add_argument("--json", default=os.path.join(ROOT, "bench.json"), help="where the figures go; else bench.json")
    parser.add_argument("--keep", action="store_true", help="keep the data directory")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a limit is missed")
    return parser.parse_args()


def machine():
    def first(command):
        try:
            return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip().split("\n")[0]
        except (OSError, subprocess.CalledProcessError):
            return "unknown"

    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1]) >> 20
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "cores": os.cpu_count(), "memoryGiB": memory, "kernel": platform.release(),
        "load": [round(load, 2) for load in os.getloadavg()], "commit": first(["git", "describe", "--always", "--dirty"]),
        "postgres": first(["psql", "--version"]),
    }


def guarded(report, group, name, work):
    """One part that fails does not take the others with it."""
    say(f"{group}: {name}")
    try:
        return work()
    except (Failed, RuntimeError, OSError, KeyError, IndexError, ValueError, subprocess.SubprocessError) as fault:
        print(f"  failed: {fault}", file=sys.stderr)
        report.failed(group, name, fault)
        return None


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(args, report, work):
    rounds = 3 if args.quick else 5
    server = guarded(report, "start to ready", "starts", lambda: resting.starts(args.plumb, os.path.join(work, "data"), report, rounds))
    if server is None:
        return
    try:
        applying = Applying(server, report, work, rounds + 1)
        tenant = guarded(report, "1,000 resources", "apply", applying.thousand)
        if tenant:
            guarded(report, "drift and watch", "drift", lambda: repairing.drift(server, report, tenant))
            guarded(report, "drift and watch", "watch", lambda: repairing.watch(server, report, tenant))
            seconds = 3 if args.quick else 5
            guarded(report, "GET", "wrk", lambda: serving.get(server, report, tenant, rounds, seconds))
            guarded(report, "LIST of 1,000", "list", lambda: serving.listing(server, report, tenant))
            guarded(report, "watchers", "crowd", lambda: crowd.watchers(server, report, tenant, 100 if args.quick else crowd.WATCHERS))
            if not args.quick:
                guarded(report, "three replicas", "replicas", lambda: crowd.replicas(args.plumb, work, server, report, tenant))
            guarded(report, "charging", "analysis", lambda: charging.analysis(args.plumb, report))
            guarded(report, "charging", "charging", lambda: charging.measure(server, report, tenant, args.quick))
        # The rounds stored a thousand objects each.
        stored = 1000 * 2 * (rounds + 1)
        guarded(report, "start to ready", "again", lambda: resting.restart(server, report, rounds, stored))
    finally:
        server.stop()
    if not args.quick:
        large(args, report, work)


def large(args, report, work):
    """Servers of their own, so that what is stored is known."""
    def costs_of(name):
        found = [figure.value for figure in report.figures if figure.group == "1,000 resources" and figure.name == name]
        return found[0] / 1000 if found else None

    costs = {}
    idle = None
    for count, rounds in ((1000, 0), (10_000, 3), (100_000, 1)):
        server = resting.Server(args.plumb, os.path.join(work, f"data-{count}"))
        try:
            server.start()
            applying = Applying(server, report, os.path.join(work), max(rounds, 1))
            if rounds == 0:
                tenant = applying.new_tenants(1)[0]
                applying.apply(applying.set_of(tenant, count), tenant)
                idle = resting.idle(server, report, count, 20)
                base = (costs_of("apply new"), costs_of("apply unchanged"))
                if None not in base:
                    costs[count] = base
                continue
            if count == 10_000:
                tenant = applying.new_tenants(1)[0]
                applying.apply(applying.set_of(tenant, count), tenant)
                guarded(report, "idle", f"{count:,} objects", lambda: resting.idle(server, report, count, 20, idle))
            done = guarded(report, f"{count:,} resources", "apply", lambda: applying.large(count, rounds))
            if not done:
                continue
            tenant, new, same = done
            costs[count] = (new, same)
            if count == 100_000:
                server.settle(limit=600)
                report.add("memory of plumb serve", f"{count:,} objects", server.resident(), "MiB", limit=256,
                           note=f"resident, after the load; at most {server.resident('VmHWM'):.0f} MiB while it went on")
                guarded(report, "idle", f"{count:,} objects", lambda: resting.idle(server, report, count, 20, idle))
                guarded(report, "start to ready", "100,000", lambda: resting.restart(server, report, 3, count))
                if 1000 in costs:
                    guarded(report, "growth", "apply", lambda: applying.growth(costs, tenant, count))
        except (Failed, OSError, subprocess.SubprocessError) as fault:
            report.failed(f"{count:,} resources", "server", fault)
        finally:
            server.stop()


def main():
    args = options()
    if not os.access(args.plumb, os.X_OK):
        sys.exit(f"error: {args.plumb} is missing. Build it: swift build -c release --product plumb")
    for tool in ("wrk", "psql"):
        if shutil.which(tool) is None:
            sys.exit(f"error: {tool} is missing. scripts/bench.sh installs it.")
    work = tempfile.mkdtemp(prefix="plumb-bench-")
    # The private PostgreSQL may run as another user, who has to pass through.
    os.chmod(work, 0o755)
    report = Report(machine())
    try:
        measure(args, report, work)
    finally:
        if args.keep:
            say(f"kept: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)
    report.machine["loadAfter"] = [round(load, 2) for load in os.getloadavg()]
    report.write(args.json)
    facts = report.machine
    print(f"{facts['at']}  commit {facts['commit']}  {facts['cores']} cores, {facts['memoryGiB']} GiB, Linux {facts['kernel']}, {facts['postgres']}")
    print(f"load average {facts['load'][0]} before, {facts['loadAfter'][0]} after (each core fully busy: {facts['cores']}.0)\n")
    print(report.table(colour=sys.stdout.isatty()))
    missed = len(report.missed)
    print(f"\n{missed} missed." if missed else "\nAll limits are kept.")
    sys.exit(1 if missed and args.strict else 0)


if __name__ == "__main__":
    main()
