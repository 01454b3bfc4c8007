"""A SLURM cluster of one node, started by hand and without accounting, for a test.

    with slurm_node() as node:
        subprocess.run(["sbatch", ...], env=node.environment)
        node.lose()     # as when its power fails: slurmd and all jobs are gone
        node.start()    # and back

Needs slurmctld, slurmd and munged (Debian: slurm-wlm, munge) and root. Everything it writes is in
one new folder, with its own key, socket and ports: a cluster on the same machine is not touched.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

# Debian has some of them where only root's path leads.
_PATH = os.environ["PATH"] + ":/usr/sbin"

_CONFIGURATION = """\
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A job that is started again after its node failed waits until what it was given has expired.
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/ended.txt
MpiDefault=none
ReturnToService=2
KillWait=2
SchedulerParameters=sched_interval=2,bf_interval=2
GresTypes=gpu
# The node has the memory and the GPU that are written here, whatever the machine has.
SlurmdParameters=config_overrides
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=64000 Gres=gpu:1
PartitionName=cpu Nodes=node Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=node MaxTime=INFINITE State=UP
"""


def what_is_missing() -> str:
    """Return what keeps a node from being started here; nothing where it can be."""
    needed = ("slurmctld", "slurmd", "munged", "sbatch")
    missing = [name for name in needed if not shutil.which(name, path=_PATH)]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: slurm-wlm, munge)"
    return "" if os.geteuid() == 0 else "slurmctld and slurmd are started as root"


class Node:
    """A running cluster; `environment` is what a command needs to talk to it."""

    def __init__(self, folder: Path):
        self.folder = folder
        path = f"{folder}/bin:{_PATH}"
        self.environment = os.environ | {"SLURM_CONF": f"{folder}/slurm.conf", "PATH": path}
        host = socket.gethostname().partition(".")[0]
        cpus = max(2, os.cpu_count() or 1)  # as many as one job asks for, at least
        ports = _free_ports(2)
        settings = _CONFIGURATION.format(folder=folder, host=host, ports=ports, cpus=cpus)
        (folder / "slurm.conf").write_text(settings)
        # Some device must be named; it is counted, and jobs are told of none.
        (folder / "gres.conf").write_text(
            "NodeName=node Name=gpu File=/dev/null Flags=no_gpu_env\n"
        )
        (folder / "munge.key").write_bytes(os.urandom(128))
        (folder / "munge.key").chmod(0o400)
        for name in ("state", "spool", "bin"):
            (folder / name).mkdir()
        # Snakemake's executor starts srun without SLURM's variables; there, too, it must find this
        # cluster.
        srun = f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n'
        (folder / "bin" / "srun").write_text(srun)
        (folder / "bin" / "srun").chmod(0o755)
        self._daemons: dict[str, subprocess.Popen] = {}

    def start_cluster(self) -> None:
        """Start all daemons; return once the node takes jobs."""
        names = {"socket": "socket", "key-file": "key", "pid-file": "pid", "seed-file": "seed"}
        options = [f"--{option}={self.folder}/munge.{name}" for option, name in names.items()]
        self._run(
            "munged", "--foreground", "--force", f"--log-file={self.folder}/munge.log", *options
        )
        self._wait(lambda: (self.folder / "munge.socket").exists())
        self._run("slurmctld", "-D", "-i")
        self.start()

    def start(self) -> None:
        """Start the node's slurmd; return once the node takes jobs."""
        self._run("slurmd", "-D")
        if "down" in self._state():
            self.says("scontrol", "update", "NodeName=node", "State=resume")
        self._wait(lambda: re.search(r"^(idle|mix|alloc)\w*$", self._state(), re.MULTILINE))

    def lose(self) -> None:
        """End the node's slurmd and all its jobs at once, unannounced; SLURM takes it for down."""
        _kill([psutil.Process(self._daemons.pop("slurmd").pid)])
        self._kill_jobs()
        # SLURM says so itself once the node has not answered for a while; this is sooner.
        self.says("scontrol", "update", "NodeName=node", "State=down", "Reason=lost")
        self._wait(lambda: "down" in self._state())

    def stop(self) -> None:
        """End all daemons and all that they left."""
        for name in reversed(list(self._daemons)):
            _kill([psutil.Process(self._daemons.pop(name).pid)])
        self._kill_jobs()
        _kill(self._processes())

    def _kill_jobs(self) -> None:
        of_jobs = [process for process in self._processes() if _is_of_a_job(process)]
        # First those that would still tell slurmctld what became of their job.
        _kill([watcher for process in of_jobs if (watcher := _watcher(process))])
        _kill(of_jobs)

    def says(self, *command: str) -> str:
        """Return what a command says of the cluster; nothing where it does not answer."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout

    def queue(self) -> dict[str, tuple[str, str]]:
        """Return the state of each job that has not ended, and what it was submitted for."""
        rows = (
            line.split("|") for line in self.says("squeue", "-h", "-o", "%i|%T|%k").splitlines()
        )
        return {job: (state, of) for job, state, of in rows}

    def ended(self) -> list[dict[str, str]]:
        """Return SLURM's record of the jobs that ended."""
        record = self.folder / "ended.txt"
        lines = record.read_text().splitlines() if record.exists() else []
        return [dict(re.findall(r"(\w+)=(\S*)", line)) for line in lines]

    def _run(self, name: str, *options: str) -> None:
        with (self.folder / f"{name}.said").open("w") as said:
            self._daemons[name] = subprocess.Popen(
                [shutil.which(name, path=_PATH), *options],
                env=self.environment,
                stdout=said,
                stderr=said,
            )

    def _wait(self, until) -> None:
        while not until():
            logs = [*self.folder.glob("*.said"), *self.folder.glob("*.log")]
            ended = [name for name, one in self._daemons.items() if one.poll()]
            assert not ended, "\n".join(path.read_text() for path in logs)
            time.sleep(0.1)

    def _state(self) -> str:
        return self.says("sinfo", "-h", "-o", "%T")

    def _processes(self) -> list[psutil.Process]:
        """All processes of this cluster: they have its configuration in their environment."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("SLURM_CONF") == self.environment["SLURM_CONF"]:
                    found.append(process)
        return found


def _is_of_a_job(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return "SLURM_JOB_ID" in process.environ()
    return False


def _watcher(process: psutil.Process) -> psutil.Process | None:
    """The slurmstepd that started a process of a job; it hides its own environment."""
    with suppress(psutil.Error):
        parent = process.parent()
        return parent if parent and parent.name() == "slurmstepd" else None
    return None


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes)


def _free_ports(n: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def slurm_node() -> Iterator[Node]:
    """Start a cluster of one node; stop it at the end, with whatever still runs on it."""
    # Not in a test's folder, whose name is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True) as folder:
        node = Node(Path(folder))
        try:
            node.start_cluster()
            yield node
        finally:
            node.stop()
