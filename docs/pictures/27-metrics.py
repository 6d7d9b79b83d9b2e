"""What is kept of each command, and who reads it.

A row of cmdstat counts the calls of GET, those that failed and were rejected, and their time;
each duration goes into one of fourteen coarse buckets for /metrics and into a fine histogram for
INFO, and the scrapers have a port of their own.
"""


def draw(d):
    begin = d.box(20, 40, 90, 40, "clock", "grey")
    run = d.box(150, 40, 110, 40, "GET k", "blue")
    end = d.box(300, 40, 90, 40, "clock", "grey")
    d.arrow(begin.right, run.left)
    d.arrow(run.right, end.left)
    d.heading(20, 132, "cmdstat, the row of GET")
    row = d.cells(20, 146, 132, 40, ["calls 8", "failed 1", "rejected 0", "ns 5200"], "green")
    d.arrow(end.bottom, (345, 112), (482, 112), row[3].top)
    d.note(404, 66, "650 ns, and did it fail?")
    d.heading(20, 232, "buckets[14], round bounds from 1 µs to 1 s")
    values = ["7", "1", "0", "0", "0", "…", "0", "0"]
    coarse = d.cells(20, 246, 56, 36, values, ["amber"] * 2 + ["plain"] * 6)
    d.heading(20, 330, "latency, 7296 narrow buckets, once the command is used")
    fine = d.cells(
        20,
        344,
        14,
        36,
        [""] * 32,
        ["plain"] * 8 + ["amber"] * 2 + ["plain"] * 3 + ["amber"] + ["plain"] * 18,
    )
    scrape = d.box(540, 246, 160, 36, "GET /metrics", "blue")
    d.arrow(coarse[-1].right, scrape.left)
    info = d.box(540, 344, 160, 36, "INFO latencystats", "blue", mono=False)
    d.arrow(fine[-1].right, info.left)
    d.note(540, 232, "port 2313")
    d.note(540, 330, "port 2312")
    d.note(
        20,
        412,
        "At most 16 scrapers at once, five seconds each. With metrics off, nothing is timed.",
    )
