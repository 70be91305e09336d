"""Listens as a service manager does (sd_notify(3)) on the datagram socket ARGV[1]; a line of JSON for each message."""

import json
import os
import socket
import sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print(json.dumps(["LISTENING"]), flush=True)
while True:
    message, descriptors, _, _ = socket.recv_fds(listener, 65536, 4)
    # systemd-notify's last message brings a descriptor, and waits until it is closed.
    for descriptor in descriptors:
        os.close(descriptor)
    print(json.dumps(message.decode().splitlines()), flush=True)
