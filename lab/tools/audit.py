"""A second audit of a trial, from its raw logs alone, that shares no code with the first.

    python3 lab/tools/audit.py FOLDER

FOLDER has what a trial wrote down: deliveries.jsonl (what was sent, and every status that was heard),
items.jsonl (the ledger's items as DynamoDB has them) and effects.jsonl (how often each event had its
effect). The exit code is 1 when a promise was broken.
"""

import collections
import json
import pathlib
import sys

ENDS = {"done", "ignored", "failed"}
MAY_FAIL = {"BrokenCharge", "DeadlyPush"}
ONCE = {"Charge", "BrokenCharge"}
# The SDK makes a call again whose answer is lost: so often for one attempt, at most.
CALLS = 3


def lines(folder, name):
    with open(folder / name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def state_key(key):
    provider, source, event = key.split("/", 2)
    return f"{provider}/{source}#state/{event}"


def claims(state):
    """Attempts that may have had an effect: those in the history, and those that it has left out."""
    count = 0
    for entry in state.get("history", []):
        if entry.startswith("earlier transitions: "):
            count += int(entry.rsplit(" ", 1)[1])
        elif entry.endswith(" processing"):
            count += 1
    return count


def audit(folder):
    items = {item["pk"]: item for item in lines(folder, "items.jsonl")}
    effects = {line["key"]: line["times"] for line in lines(folder, "effects.jsonl")}
    broken = collections.defaultdict(list)
    acknowledged = repeated = 0
    for sent in lines(folder, "deliveries.jsonl"):
        key, kind, heard = sent["key"], sent["kind"], sent["heard"]
        taken = bool(heard) and heard[-1] is not None and 200 <= heard[-1] < 300
        acknowledged += taken
        receipt, state = items.get(key), items.get(state_key(key), {})
        status, times = state.get("status"), effects.get(key, 0)
        if any(status and 400 <= status < 500 for status in heard):
            broken["refused"].append(f"{key}: heard {heard}")
        if receipt is None:
            if taken:
                broken["lost"].append(f"{key}: acknowledged, and there is no receipt")
            continue
        if status not in ENDS:
            broken["lost"].append(f"{key}: {status or 'received'}, and has not ended")
            continue
        if status == "done" and times == 0:
            broken["lost"].append(f"{key}: done without its effect")
        if status != "done" and taken and kind not in MAY_FAIL:
            broken["lost"].append(f"{key}: {status}")
        if kind in ONCE and times > 1:
            broken["doubled"].append(f"{key}: {times} times")
        if times > claims(state) * CALLS:
            broken["doubled"].append(f"{key}: {times} effects of {claims(state)} attempts")
        repeated += max(0, times - 1)
    print(
        json.dumps(
            {
                "acknowledged": acknowledged,
                "lost": len(broken["lost"]),
                "doubled": len(broken["doubled"]),
                "refused": len(broken["refused"]),
                "repeated": repeated,
            }
        )
    )
    for what, cases in broken.items():
        for case in cases[:20]:
            print(f"{what}: {case}", file=sys.stderr)
    return 1 if any(broken.values()) else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(audit(pathlib.Path(sys.argv[1])))
