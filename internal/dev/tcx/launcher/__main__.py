"""Starts run.py when ThreatConnect starts the App's folder.

That launch passes the name of the program first, with or without ".py":
    python FOLDER run --name value
run.py itself is the other way to start the App. See there.
"""

import sys

sys.dont_write_bytecode = True  # the folder belongs to the platform

import run  # noqa: E402

if __name__ == "__main__":
    named = sys.argv[1:2] in (["run"], ["run.py"])
    sys.exit(run.main(sys.argv[2 if named else 1:]))
