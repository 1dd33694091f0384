"""The Jupyter side of a warm kernel: a provisioner that forks instead of starting a program, and its manager."""

import asyncio
import contextlib
import os
import signal
import time
from queue import Empty
from types import SimpleNamespace

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from analysis.run import kernels, warm

START_TIMEOUT = 300  # seconds until a kernel must listen: a busy node is slow
POLL = 0.005  # seconds between two looks at a dying kernel; jupyter_client waits 0.1


class ForkedKernel:
    """A forked child with the few methods of `subprocess.Popen` that a local provisioner calls."""

    stdin = stdout = stderr = None

    def __init__(self, child):
        self.child, self.pid = child, child.pid

    def poll(self) -> int | None:
        """Exit status, or None while it runs."""
        return self.child.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end and forget it."""
        self.child.join(timeout)
        kernels.forget(self.child)
        return self.child.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal to a running child."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it and everything it started."""
        kernels.kill(self.child)


class ForkedProvisioner(LocalProvisioner):
    """Starts the kernel by a fork of the warm server; everything else is a local kernel."""

    async def launch_kernel(self, cmd: list[str], **kwargs) -> dict:
        """Fork; `cmd` is the command a plain kernel would be started with, of which the arguments are used."""
        job = self.parent.job
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        child = await asyncio.to_thread(
            kernels.start_child, warm.serve_kernel, arguments, job.seed, kwargs["env"], job.folder
        )
        self.process = ForkedKernel(child)
        self.pid, self.cwd = child.pid, job.folder
        await self._listening()
        return self.connection_info

    async def _listening(self) -> None:
        """Wait for the kernel's sockets: a client that connects too early tries again only after 0.1 s."""
        ports = [value for name, value in self.connection_info.items() if name.endswith("_port")]
        missing = {f"{self.connection_info['ip']}-{port}" for port in ports}
        late = time.monotonic() + START_TIMEOUT
        while missing and self.process.poll() is None and time.monotonic() < late:
            missing = {path for path in missing if not os.path.exists(path)}
            await asyncio.sleep(POLL)

    async def wait(self) -> int | None:
        """Wait until the kernel is gone."""
        while self.process and self.process.poll() is None:
            await asyncio.sleep(POLL)
        code, self.process = (self.process.wait() if self.process else 0), None
        return code

    async def send_signal(self, signum: int) -> None:
        """Interrupt is refused: a run either lets a kernel work or kills it, and killing needs no interrupt first."""
        if self.process and signum == signal.SIGKILL:
            await asyncio.to_thread(self.process.kill)
        elif self.process and signum != signal.SIGINT:
            self.process.send_signal(signum)


class ReadyClient(AsyncKernelClient):
    """A client that starts work as soon as the kernel has answered and its output channel is seen to be connected.

    The library's own client then listens until outputs have been silent for 0.2 s; nbclient sorts outputs by request.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Ask until answered; RuntimeError when the kernel dies or `timeout` seconds pass."""
        late = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < late:
            self.kernel_info()
            with contextlib.suppress(Empty):
                await self.shell_channel.get_msg(timeout=1)
                await self.iopub_channel.get_msg(timeout=0.2)
                return
            if not await self.parent.is_alive():
                raise RuntimeError("the kernel died before it was ready.")
        raise RuntimeError(f"the kernel was not ready after {timeout:g} seconds.")


class WarmKernelManager(AsyncKernelManager):
    """Kernel manager of one job (its seed, environment, folder, warm or not), on sockets in a private folder."""

    job: SimpleNamespace

    client_class = "analysis.run.jupyter.ReadyClient"
    client_factory = ReadyClient

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if kernels.CAN_IPC:
            self.transport = "ipc"
            self.connection_file = str(kernels.session_folder() / f"k{next(kernels.NUMBERS)}.json")
        else:
            self.transport_encryption = "auto"

    async def _async_pre_start_kernel(self, **kwargs):
        kwargs["env"] = (
            dict(os.environ) | self.job.environment | {"IPYTHONDIR": str(kernels.session_folder() / "ipython")}
        )
        kwargs["cwd"] = self.job.folder
        self.kernel_id = kwargs.get("kernel_id") or os.path.basename(self.connection_file)
        if self.job.warm:
            self.provisioner = ForkedProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**kwargs)
