"""Starts the App: the program in bin/ that is built for this machine.

ThreatConnect starts Python. The App is no Python program, so this file hands
over to it with exec and is gone: process id, arguments, environment, working
directory, signals and exit code are the App's own from then on. The inputs
are in an encrypted file that only the App reads.

A package may come out of its installation without the executable bit, so the
program is started in the first of these ways that works:

1. in place, made executable where needed;
2. as a copy in the temp folder, for an App folder that is read-only or not
   mounted for programs;
3. from memory, where the temp folder is not mounted for programs either.

Needs Python 3.8 and its standard library. What only a failure needs is
imported when it is needed: this file runs for every event.
"""

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = {
    "x86_64": "tcsns-linux-amd64",
    "amd64": "tcsns-linux-amd64",
    "aarch64": "tcsns-linux-arm64",
    "arm64": "tcsns-linux-arm64",
}
SHOWN = 255  # characters of message.tc that the platform shows, its newline among them
MFD_EXEC = 0x10  # memory that may be executed, where vm.memfd_noexec is 1 (linux/memfd.h)


def main(arguments):
    """Become the App. Returns only if that is impossible: the exit code."""
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in PROGRAMS:
        return fail(f"this App has programs for Linux on x86_64 and aarch64, not for {sys.platform} on {machine}")
    program = os.path.join(FOLDER, "bin", PROGRAMS[machine])
    if not os.path.isfile(program):
        return fail(f"{program} is missing: install the package again")
    reasons = []
    for name, start in (("in place", in_place), ("as a copy", as_copy), ("from memory", from_memory)):
        try:
            start(program, [program] + arguments)
        except (OSError, AttributeError) as error:  # AttributeError: a Python without memfd_create
            reasons.append(f"{name}: {getattr(error, 'strerror', None) or error}")
    return fail(f"{program} cannot be started ({'; '.join(reasons)})")


def in_place(program, argv):
    """Start the program where it is."""
    if not os.access(program, os.X_OK):
        mode = os.stat(program).st_mode
        os.chmod(program, mode | (mode & 0o444) >> 2)  # whoever may read may execute
    os.execve(program, argv, os.environ)


def as_copy(program, argv):
    """Start a copy in the temp folder, which has no name any more when it runs."""
    import tempfile

    writer, name = tempfile.mkstemp(prefix="tcsns-")
    try:
        copy(program, writer)
        os.chmod(name, 0o500)
        os.close(writer)  # a file that is open for writing cannot be executed
        reader = os.open(name, os.O_RDONLY)
    finally:
        os.unlink(name)
    os.execve(reader, argv, os.environ)


def from_memory(program, argv):
    """Start a copy that no file system holds."""
    try:
        memory = os.memfd_create("tcsns", os.MFD_CLOEXEC | MFD_EXEC)
    except OSError:  # a kernel before 6.3, which does not ask
        memory = os.memfd_create("tcsns")
    copy(program, memory)
    os.execve(memory, argv, os.environ)


def copy(program, descriptor):
    """Write the program to an open file."""
    with open(program, "rb") as source:
        rest = memoryview(source.read())
    while rest:
        rest = rest[os.write(descriptor, rest):]


def fail(reason):
    """Say why in one sentence, where a person and where the platform looks."""
    sentence = f"AWS SNS could not start: {reason}.\n".encode("utf-8", "backslashreplace").decode()  # a path may be no UTF-8
    shown = sentence
    if len(shown) > SHOWN:
        shown = sentence[:127] + "…" + sentence[-127:]
    try:
        with open("message.tc", "w", encoding="utf-8") as message:
            message.write(shown)
    except OSError:
        pass  # stderr still says it
    sys.stderr.write(sentence)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
