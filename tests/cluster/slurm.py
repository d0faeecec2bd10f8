"""A Slurm of one node, in a temporary folder and on loopback alone, with or without slurmdbd.

Needs root, and Debian's slurm-wlm and munge (with slurmdbd: slurmdbd and mariadb-server); installs
nothing. The configuration is linked to its default place, where the jobs look for it, which must be
empty; at the end every process and link is gone.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

PLACE = Path("/etc/slurm")
NEEDED = ("munged", "mungekey", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
NEEDED_FOR_ACCOUNTING = ("slurmdbd", "sacctmgr", "mariadbd", "mariadb-install-db")
PROCESSORS, MEMORY_MB = 4, 8000
"""That the node says it has."""
PATIENCE_S = 120.0
CONF = """
ClusterName=tried
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
SchedulerParameters=bf_interval=5,sched_interval=5
{accounting}
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} RealMemory={memory} State=UNKNOWN
PartitionName=tried Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""
ACCOUNTING = """AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={database}
AccountingStoragePass={folder}/munge.socket"""
DATABASE_CONF = """
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdPort={database}
SlurmUser=root
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={storage}
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm
"""


def lacking(accounting: bool) -> list[str]:
    """Why there can be no cluster here; nothing where there can."""
    programs = (*NEEDED, *(NEEDED_FOR_ACCOUNTING if accounting else ()))
    faults = [f"{name} is missing" for name in programs if not shutil.which(name)]
    if os.getuid() != 0:
        faults.append("slurmd needs root")
    faults += [f"{file} is there" for file in _links(accounting) if file.exists()]
    return faults


def _links(accounting: bool) -> list[Path]:
    return [PLACE / "slurm.conf", *([PLACE / "slurmdbd.conf"] if accounting else [])]


@contextmanager
def cluster(folder: Path, accounting: bool) -> Iterator[None]:
    """A cluster whose files lie in `folder`, until the end of the block."""
    host = socket.gethostname().partition(".")[0]
    ports = dict(zip(("controller", "node", "database", "storage"), _free_ports(4), strict=True))
    values = {"folder": folder, "host": host, **ports}
    more = (
        ACCOUNTING.format(**values)
        if accounting
        else "AccountingStorageType=accounting_storage/none"
    )
    sizes = {"processors": PROCESSORS, "memory": MEMORY_MB}
    (folder / "slurm.conf").write_text(CONF.format(**values, **sizes, accounting=more))
    (folder / "slurmdbd.conf").write_text(DATABASE_CONF.format(**values))
    (folder / "slurmdbd.conf").chmod(0o600)
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    folder.chmod(0o755)
    with ExitStack() as stack:
        for link in _links(accounting):
            link.symlink_to(folder / link.name)
            stack.callback(link.unlink)
        _munge(folder, stack)
        if accounting:
            _database(folder, ports["storage"], stack)
            _daemon(["slurmdbd", "-D"], folder, stack, lambda: _answers(ports["database"]))
            subprocess.run(["sacctmgr", "-i", "add", "cluster", "tried"], check=True, stdout=-3)
        _daemon(["slurmctld", "-D", "-i"], folder, stack, lambda: _answers(ports["controller"]))
        _daemon(
            ["slurmd", "-D"], folder, stack, lambda: "idle" in output("sinfo", "-h", "-o", "%T")
        )
        try:
            yield
        finally:
            _empty()


def _empty() -> None:
    """Cancel all jobs, and wait until their processes are gone."""
    subprocess.run(["scancel", "--me"], check=False)
    until = time.monotonic() + PATIENCE_S
    while output("squeue", "-h", "--me") and time.monotonic() < until:
        time.sleep(1.0)


def output(*command: str) -> str:
    """What a command says; nothing where it fails."""
    return subprocess.run(command, capture_output=True, text=True).stdout


def _munge(folder: Path, stack: ExitStack) -> None:
    key, run = folder / "munge.key", folder / "munge.socket"
    subprocess.run(["mungekey", "--create", f"--keyfile={key}"], check=True)
    command = ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={run}"]
    command += [f"--{name}={folder}/munge.{name}" for name in ("pid-file", "log-file", "seed-file")]
    _daemon(command, folder, stack, run.exists)


def _database(folder: Path, port: int, stack: ExitStack) -> None:
    """A MariaDB of its own, whose user `slurm` may do anything."""
    data, sock = folder / "data", folder / "mysql.socket"
    command = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root"]
    subprocess.run([*command, "--auth-root-authentication-method=normal"], check=True, stdout=-3)
    begin = folder / "begin.sql"
    begin.write_text(  # of which the server runs one statement a line
        "CREATE DATABASE slurm;\n"
        "CREATE USER slurm@'%' IDENTIFIED BY 'slurm';\n"
        "CREATE USER slurm@localhost IDENTIFIED BY 'slurm';\n"
        "GRANT ALL ON slurm.* TO slurm@'%';\n"
        "GRANT ALL ON slurm.* TO slurm@localhost;\n"
    )
    command = ["mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--socket={sock}"]
    command += ["--bind-address=127.0.0.1", f"--port={port}", f"--init-file={begin}"]
    command += [f"--pid-file={folder}/mysql.pid"]
    _daemon(command, folder, stack, lambda: _answers(port))


def _daemon(
    command: Sequence[str], folder: Path, stack: ExitStack, ready: Callable[[], object]
) -> None:
    """Start a process in the foreground, wait until it is ready, and end it with the block."""
    log = stack.enter_context((folder / f"{command[0]}.out").open("w"))
    process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    stack.callback(_end, process)
    awaited(ready, command[0], process, folder)


def awaited(
    ready: Callable[[], object], what: str, process: subprocess.Popen, folder: Path
) -> None:
    """Wait for a condition; exit with what the process wrote where it does not come."""
    until = time.monotonic() + PATIENCE_S
    while not ready():
        if process.poll() is not None or time.monotonic() > until:
            said = (folder / f"{what}.out").read_text()[-2000:]
            sys.exit(f"{what} does not come up: {said}")
        time.sleep(0.2)


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
