# What was measured, beside what is to be reached: a table for people, JSON for programs.
import json
import math
import statistics


def median(samples):
    return statistics.median(samples)


def percentile(samples, share):
    """The smallest sample that `share` (0 to 1) of all samples do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class Figure:
    """One figure. `limit` None: shown for comparison only. `least`: the limit is to be reached, not to be kept under."""

    def __init__(self, group, name, value, unit, limit=None, least=False, note="", samples=None):
        self.group, self.name, self.value, self.unit = group, name, value, unit
        self.limit, self.least, self.note, self.samples = limit, least, note, samples

    @property
    def ratio(self):
        return self.value / self.limit if self.limit else None

    @property
    def good(self):
        if self.limit is None:
            return None
        return self.value >= self.limit if self.least else self.value <= self.limit

    def as_json(self):
        fields = {"group": self.group, "name": self.name, "value": self.value, "unit": self.unit, "limit": self.limit}
        fields["bound"] = None if self.limit is None else "least" if self.least else "most"
        fields.update(ratio=self.ratio, good=self.good, note=self.note)
        if self.samples is not None:
            fields["samples"] = self.samples
        return fields


class Report:
    def __init__(self, machine):
        self.machine = machine
        self.figures = []

    def add(self, *args, **kinds):
        figure = Figure(*args, **kinds)
        self.figures.append(figure)
        return figure

    def failed(self, group, name, reason):
        """A part that could not be measured: it counts as missed."""
        self.add(group, name, math.inf, "", limit=1, note=str(reason).splitlines()[-1][:100] if str(reason) else "failed")

    @property
    def missed(self):
        return [figure for figure in self.figures if figure.good is False]

    def write(self, path):
        def finite(value):
            return value if not isinstance(value, float) or math.isfinite(value) else None

        rows = [{key: finite(value) for key, value in figure.as_json().items()} for figure in self.figures]
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"machine": self.machine, "figures": rows}, file, indent=1, allow_nan=False)
            file.write("\n")

    def table(self, colour=False):
        rows = [("", "measured", "limit", "of limit", "", "")]
        group = None
        order = list(dict.fromkeys(figure.group for figure in self.figures))
        for figure in sorted(self.figures, key=lambda one: order.index(one.group)):
            if figure.group != group:
                group = figure.group
                rows.append((group, None, None, None, None, None))
            bound = "" if figure.limit is None else f"{'>=' if figure.least else '<='} {amount(figure.limit, figure.unit)}"
            ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
            verdict = {True: "ok", False: "MISSED", None: ""}[figure.good]
            rows.append(("  " + figure.name, amount(figure.value, figure.unit), bound, ratio, verdict, figure.note))
        widths = [max(len(row[column] or "") for row in rows if row[1] is not None) for column in range(5)]
        lines = []
        for row in rows:
            if row[1] is None:
                lines.append(row[0])
                continue
            line = row[0].ljust(widths[0]) + "".join("  " + row[n].rjust(widths[n]) for n in range(1, 4))
            line += "  " + row[4].ljust(widths[4]) + ("  " + row[5] if row[5] else "")
            if colour and row[4] == "MISSED":
                line = f"\033[31m{line}\033[0m"
            lines.append(line.rstrip())
        return "\n".join(lines)


def amount(value, unit):
    if not math.isfinite(value):
        return "none"
    if unit == "s" and value < 1:
        return f"{value * 1000:.3g} ms" if value * 1000 < 100 else f"{value * 1000:.0f} ms"
    if unit == "us":
        return f"{value:.0f} us"
    if unit in ("/s", "statements/s"):
        return f"{value:,.0f} /s" if value >= 100 else f"{value:.1f} /s"
    if unit == "x":
        return f"{value:.2f} x"
    return f"{value:.3g} {unit}" if value < 100 else f"{value:,.0f} {unit}"
