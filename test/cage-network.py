"""Servers and askers for the test of the packet filter. `serve ADDRESS...` tells everybody who connects which address they come
from, over TCP and UDP, until it is killed. `ask NAME=ADDRESS...` prints a line for each: its name, and the address that was told,
`refused`, or `silent`. An address is host/port; the host may name its interface, as in fe80::1%eth0."""

import selectors
import socket
import sys

PATIENCE_SECONDS = 4


def resolve(address, kind):
    host, port = address.split('/')
    return socket.getaddrinfo(host, int(port), type=kind)[0]


def serve(addresses):
    selector = selectors.DefaultSelector()
    for address in addresses:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            family, _, _, _, place = resolve(address, kind)
            server = socket.socket(family, kind)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(place)
            if kind == socket.SOCK_STREAM:
                server.listen()
            selector.register(server, selectors.EVENT_READ)
    print('ready', flush=True)
    while True:
        for key, _ in selector.select():
            if key.fileobj.type == socket.SOCK_STREAM:
                connection, client = key.fileobj.accept()
                connection.sendall(client[0].encode())
                connection.close()
            else:
                _, client = key.fileobj.recvfrom(100)
                key.fileobj.sendto(client[0].encode(), client)


def ask(pairs):
    selector = selectors.DefaultSelector()
    for pair in pairs:
        name, address = pair.split('=')
        kind = socket.SOCK_DGRAM if name.endswith('by UDP') else socket.SOCK_STREAM
        family, _, _, _, place = resolve(address, kind)
        asker = socket.socket(family, kind)
        asker.setblocking(False)
        try:
            asker.connect_ex(place)
            if kind == socket.SOCK_DGRAM:
                asker.send(b'?')
        except OSError:
            pass
        selector.register(asker, selectors.EVENT_READ, name)
    while selector.get_map():
        events = selector.select(PATIENCE_SECONDS)
        for key, _ in events:
            try:
                told = key.fileobj.recv(100).decode()
            except OSError:
                told = 'refused'
            print(f'{key.data}: {told}')
            selector.unregister(key.fileobj)
        if not events:
            break
    for key in selector.get_map().values():
        print(f'{key.data}: silent')


{'serve': serve, 'ask': ask}[sys.argv[1]](sys.argv[2:])
