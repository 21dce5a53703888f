"""Whether the time of an answer tells a stranger what the answer does not: who is here.

`make bench NAME=door` prints a JSON line for each door and each sort of stranger but the
first: how long its refusals took in milliseconds, and those of the first sort; how surely a
single time tells one from the other (0.5: not at all, 1: always); and `p` of a rank test.
All that once by the clock, and once by what this process computed. All sorts take turns, in
one process on a database of its own: over a network there is less to see.
"""

from __future__ import annotations

from benchmarks.duplicates import database, inside

if __name__ == "__main__":
    with database("door"):
        inside("shell", "--no-imports", "-c", "from benchmarks import knocks; knocks.say()")
