"""Reads the runs of ./bench, writes summary.json and table.md, prints the table.

usage: compare.py OUT_DIRECTORY AOT_DIRECTORY STEP_CA_BINARY
Of several rounds the median counts; a ratio is the median of the ratios of each round, since what disturbs the machine
in one round disturbs both servers.
"""
import glob
import json
import os
import platform
import shutil
import statistics
import sys

out, aot, step = sys.argv[1:4]
runs = {}
starts = {}
for path in sorted(glob.glob(f"{out}/runs/*.json")):
    parts = os.path.basename(path).split(".")
    with open(path) as file:
        run = json.load(file)
    if run["mode"] == "start":
        starts[parts[0]] = run["medianMs"]
    else:
        runs.setdefault((parts[0], parts[1]), {})[int(parts[2])] = run


def median(server, name, field):
    rounds = runs.get((server, name))
    return statistics.median(run[field] for run in rounds.values()) if rounds else None


def ratio(name, field):
    ours, theirs = runs.get(("grpcca", name), {}), runs.get(("step-ca", name), {})
    both = [ours[r][field] / theirs[r][field] for r in ours if r in theirs and theirs[r][field]]
    return statistics.median(both) if both else None


def size(path):
    path = os.path.realpath(path) if path and os.path.exists(path) else None
    return os.path.getsize(path) if path else None


def show(value, form):
    return "–" if value is None else form.format(value)


FIELDS = ["perSecond", "p50Ms", "p95Ms", "p99Ms", "maxMs", "longestSilenceMs", "serverCpuMs", "loadCpuMs", "memoryEnd", "memoryPeak", "diskBytesEach", "fileBytesEach"]
servers = [s for s in ("grpcca", "step-ca", "caddy", "pebble") if any(key[0] == s for key in runs)]
names = sorted({key[1] for key in runs}, key=lambda n: (n.split("-")[0], int(n.split("-")[1])))
# Two-valued goals of the project: (floor, aim); more is better for rates, less for CPU and p99.
GOALS = {
    "issue-1": {"perSecond": (1.5, 1.7), "serverCpuMs": (0.9, 0.7), "p99Ms": (None, 0.7)},
    "issue-8": {"perSecond": (1.8, 2.2), "serverCpuMs": (0.7, 0.55), "p99Ms": (None, 0.5)},
    "issue-32": {"perSecond": (1.8, 2.5), "serverCpuMs": (0.65, 0.5), "p99Ms": (None, 0.5)},
    "issue-64": {"perSecond": (2.5, 3.2), "serverCpuMs": (0.5, 0.4), "p99Ms": (None, 0.35)},
    "nonce-32": {"perSecond": (None, 4.0)},
    "directory-32": {"perSecond": (None, 2.0)},
}

lines = ["| run | server | /s | p50 ms | p95 ms | p99 ms | max ms | longest silence ms | server CPU ms each | memory end / peak MiB | bytes to disk each | database bytes each | errors |",
         "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
for name in names:
    for server in servers:
        if (server, name) not in runs:
            continue
        m = {field: median(server, name, field) for field in FIELDS}
        errors = {}
        for run in runs[(server, name)].values():
            for kind, count in run["errors"].items():
                errors[kind] = errors.get(kind, 0) + count
        issue = not name.startswith(("nonce", "directory"))
        lines.append(f"| {name} | {server} | {m['perSecond']:.0f} | {m['p50Ms']:.1f} | {m['p95Ms']:.1f} | {m['p99Ms']:.1f} | {m['maxMs']:.0f} | {m['longestSilenceMs']:.0f} | {m['serverCpuMs']:.3f} "
                     f"| {m['memoryEnd'] / 2**20:.0f} / {m['memoryPeak'] / 2**20:.0f} | {show(m['diskBytesEach'] if issue else None, '{:.0f}')} | {show(m['fileBytesEach'] if issue else None, '{:.0f}')} "
                     f"| {', '.join(f'{count} {kind}' for kind, count in errors.items()) or '0'} |")
lines += ["", "| GrpcCa to step-ca | /s | floor, aim | CPU each | floor, aim | p99 | aim |", "|---|---|---|---|---|---|---|"]
ratios = {}
for name in names:
    if name not in GOALS or ratio(name, "perSecond") is None:
        continue
    ratios[name] = {field: ratio(name, field) for field in ("perSecond", "serverCpuMs", "p99Ms")}
    goal = lambda field: ", ".join("–" if g is None else f"{g}×" for g in GOALS[name].get(field, (None, None)))
    r = ratios[name]
    lines.append(f"| {name} | {r['perSecond']:.2f}× | {goal('perSecond')} | {show(r['serverCpuMs'], '{:.2f}×')} | {goal('serverCpuMs')} | {r['p99Ms']:.2f}× | {show(GOALS[name].get('p99Ms', (None, None))[1], '{}×')} |")

binaries = {
    "grpcca-server": size(f"{aot}/grpcca-server/grpcca-server"),
    "grpcca-gateway": size(f"{aot}/grpcca-gateway/grpcca-gateway"),
    "step-ca": size(step),
    "caddy": size(shutil.which("caddy")),
    "pebble": size(shutil.which("pebble")),
}
lines += ["", "| program | start to first answer ms | file MB |", "|---|---|---|"]
lines += [f"| {name} | {show(starts.get(name), '{:.0f}')} | {show(binary and binary / 1e6, '{:.1f}')} |" for name, binary in binaries.items() if binary]

with open("/proc/cpuinfo") as file:
    model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
machine = f"{os.cpu_count()} × {model}, Linux {platform.release()}, load average at the end {os.getloadavg()[0]:.1f}; {max(len(r) for r in runs.values())} rounds"
table = "\n".join([machine, "", *lines]) + "\n"
with open(f"{out}/table.md", "w") as file:
    file.write(table)
with open(f"{out}/summary.json", "w") as file:
    json.dump({
        "machine": machine,
        "runs": [{"server": s, "run": n, **{f: median(s, n, f) for f in FIELDS}, "rounds": [runs[(s, n)][r] for r in sorted(runs[(s, n)])]} for s in servers for n in names if (s, n) in runs],
        "ratiosToStepCa": ratios, "startMs": starts, "binaryBytes": binaries,
    }, file, indent=1)
print(table, end="")
