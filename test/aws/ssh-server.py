"""An SSH server that runs nothing: `python ssh-server.py FOLDER` prints its port, takes every key, writes each command that
it is asked to run as one line of JSON into FOLDER/commands, and says what FOLDER/answer holds for commands with verify in
their script. Files that are copied to it land below FOLDER/root."""

import asyncio
import json
import pathlib
import sys
import time

import asyncssh

folder = pathlib.Path(sys.argv[1])
root = folder / "root"
(root / "tmp").mkdir(parents=True)


class AnyKey(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def public_key_auth_supported(self):
        return True

    def validate_public_key(self, username, key):
        return True


def run(process):
    words = (process.command or "").split()
    scripts = [root / word.lstrip("/") for word in words if word.startswith("/tmp/")]
    script = "".join(path.read_text() for path in scripts if path.exists())
    with open(folder / "commands", "a") as commands:
        commands.write(json.dumps({"command": process.command, "script": script}) + "\n")
    answer = folder / "answer"
    exit_code = 0
    if "bakeroll-clock" in script:
        if answer.exists():
            process.stdout.write(answer.read_text())
            exit_code = 1
        else:
            process.stdout.write(f"bakeroll-clock {int(time.time() * 1000)}\n")
    process.exit(exit_code)


async def main():
    server = await asyncssh.create_server(
        AnyKey,
        "127.0.0.1",
        0,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        process_factory=run,
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(root).encode()),
        allow_scp=True,
    )
    print(server.get_port(), flush=True)
    await server.wait_closed()


asyncio.run(main())
