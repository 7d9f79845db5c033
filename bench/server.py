# The server under test: started and stopped like a user does, reached by the client, by HTTP and by psql.
import os
import signal
import socket
import subprocess
import time

START_LIMIT = 120.0
STOP_LIMIT = 60.0
COMMAND_LIMIT = 900.0


class Failed(Exception):
    pass


def environment():
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PLUMB_") and not key.startswith("PG")}
    return clean


def timed(command, codes=(0,)):
    """Runs a whole process; returns seconds from its start to its end."""
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(), timeout=COMMAND_LIMIT)
    seconds = time.perf_counter() - start
    if done.returncode not in codes:
        raise Failed(f"{' '.join(command[:4])} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-400:]}")
    return seconds


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`plumb serve` with its private PostgreSQL in a data directory."""

    def __init__(self, program, data, options=()):
        self.program, self.data, self.options = program, data, list(options)
        self.port = free_port()
        self.process = None

    def start(self):
        """Starts it; returns seconds until it says that it is ready."""
        os.makedirs(self.data, exist_ok=True)
        os.chmod(self.data, 0o755)
        self.log = open(os.path.join(self.data, "serve.log"), "ab")
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", *self.options],
            stdout=self.log, stderr=self.log, env=environment())
        while not self.is_ready():
            if self.process.poll() is not None or time.perf_counter() - begin > START_LIMIT:
                self.stop()
                raise Failed(f"plumb serve did not start; see {self.data}/serve.log")
            time.sleep(0.002)
        return time.perf_counter() - begin

    def is_ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as link:
                link.sendall(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
                return link.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        self.process = None

    @property
    def token(self):
        with open(os.path.join(self.data, "admin-token"), encoding="utf-8") as file:
            return file.read().strip()

    def plumb(self, verb, *arguments, codes=(0,)):
        """Seconds of a whole `plumb` command."""
        return timed([self.program, verb, "--data", self.data, *arguments], codes)

    def conninfo(self):
        """How another `plumb serve` reaches the private PostgreSQL."""
        return f"host='{self.socket_folder()}' port=5432 user=plumb dbname=postgres"

    def psql(self):
        """The psql command that reaches the private PostgreSQL as its owner."""
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.socket_folder(), "-p", "5432", "-U", "plumb", "-d", "postgres"]

    def socket_folder(self):
        folder = os.path.join(self.data, "postgres")
        note = os.path.join(folder, "socket-folder")
        if os.path.exists(note):
            with open(note, encoding="utf-8") as file:
                folder = file.read().strip()
        return folder

    def query(self, text):
        done = subprocess.run(self.psql() + ["-At", "-c", text], capture_output=True, env=environment(), timeout=COMMAND_LIMIT)
        if done.returncode != 0:
            raise Failed(done.stderr.decode(errors="replace"))
        return done.stdout.decode().strip()

    def resident(self, field="VmRSS"):
        """MiB of the server's own process, PostgreSQL beside it."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) / 1024
        return 0.0

    def metric(self, name):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as link:
            link.sendall(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            text = b""
            while part := link.recv(65536):
                text += part
        for line in text.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise Failed(f"/metrics has no {name}")

    def settle(self, limit=60.0):
        """Waits until no work is due."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self.query("SELECT count(*) FROM plumb.work WHERE due <= now()") == "0":
                return
            time.sleep(0.2)


class Session:
    """One psql that stays: a statement and its answer without starting a process."""

    MARK = "bench-answered"

    def __init__(self, server):
        self.process = subprocess.Popen(
            server.psql() + ["-At"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment())

    def run(self, text):
        self.process.stdin.write(f"{text};\n\\echo {self.MARK}\n".encode())
        self.process.stdin.flush()
        lines = []
        while True:
            line = self.process.stdout.readline().decode().rstrip("\n")
            if line == self.MARK:
                return "\n".join(lines)
            if line.startswith("ERROR") or (not line and self.process.poll() is not None):
                raise Failed(line or "psql ended")
            lines.append(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()

