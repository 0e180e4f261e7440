"""Tables in Markdown that tests read: the one below '<!-- table: NAME -->', as a list of dicts."""


def cells(line):
    parts = line.strip().replace("\\|", "\0").strip("|").split("|")
    return [p.strip().replace("\0", "|").replace("`", "") for p in parts]


def read(path, name):
    lines = open(path, encoding="utf-8").read().split("\n")
    mark = f"<!-- table: {name} -->"
    at = [i for i, line in enumerate(lines) if line.strip() == mark]
    if len(at) != 1:
        raise SystemExit(f"{path}: '{mark}' stands there {len(at)} times, not once")
    body = []
    for line in lines[at[0] + 1:]:
        if not line.startswith("|"):
            break
        body.append(cells(line))
    head, rows = body[0], body[2:]
    bad = [r for r in rows if len(r) != len(head)]
    if bad or not rows:
        raise SystemExit(f"{path}, table {name}: no rows, or not {len(head)} cells: {bad[:1]}")
    return [dict(zip(head, r)) for r in rows]
