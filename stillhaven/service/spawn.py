"""How does a child start so that it can never outlive the clinic, and never run as root where it must not?

A tiny program that prepares its own process and then becomes the child (exec).  It runs by path, isolated and without
site packages, so it starts in a few milliseconds and imports nothing of the house:

    python -I -S spawn.py --parent PID --on-parent-death SIGNAL [--map UID:GID | --account UID:GID] -- COMMAND ...
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000


def die_with(parent: int, signal: int) -> None:
    """Get `signal` when the parent ends, also when it is killed.  The parent may have ended before we asked."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit("the process that started this one has ended")


def enter_user_namespace(uid: int, gid: int) -> None:
    """Be an ordinary user to ourselves while files still belong to who we were: no account, no chown needed."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outer_uid} 1"),
        ("gid_map", f"{gid} {outer_gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def become(uid: int, gid: int) -> None:
    """Give up root for good."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def user_namespaces_work() -> bool:
    """Can this process make a user namespace?  Asked by doing it in a child, because every rule about it lies."""
    pid = os.fork()
    if pid == 0:
        try:
            enter_user_namespace(1, 1)
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _pair(text: str) -> tuple[int, int]:
    uid, gid = text.split(":")
    return int(uid), int(gid)


def main(argv: list[str]) -> None:
    """Read the options by hand (argparse alone would double the start-up time), prepare, become the command."""
    split = argv.index("--")
    options = dict(zip(argv[:split:2], argv[1:split:2], strict=True))
    command = argv[split + 1 :]
    if "--map" in options:
        enter_user_namespace(*_pair(options["--map"]))
    if "--account" in options:
        become(*_pair(options["--account"]))
    # After the change of user: the kernel forgets the request when credentials change.
    if "--parent" in options:
        die_with(int(options["--parent"]), int(options.get("--on-parent-death", "15")))
    os.execvp(command[0], command)  # noqa: S606  (no shell is the point)


if __name__ == "__main__":
    main(sys.argv[1:])
