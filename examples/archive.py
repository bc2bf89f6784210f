#!/usr/bin/env python3
"""Writes a container image as one file that `docker load` reads, without Docker, a registry or root.

A layer is a folder, or a tar as mmdebstrap writes it; the lowest comes first. The same layers and words give the same bytes.

    archive.py shop.tar --layer system.tar --layer app --user 65532 --port 8000 -- /usr/bin/shop --verbose
"""
import argparse
import hashlib
import io
import json
import os
import platform
import tarfile
import tempfile

MACHINES = {'x86_64': 'amd64', 'aarch64': 'arm64'}


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument('output')
    words.add_argument('--layer', action='append', required=True, metavar='FOLDER|TAR')
    words.add_argument('--user', default='', help='a number needs no /etc/passwd in the image')
    words.add_argument('--port', action='append', default=[], type=int)
    words.add_argument('--env', action='append', default=[], metavar='NAME=VALUE')
    words.add_argument('--architecture', default=MACHINES.get(platform.machine(), platform.machine()))
    words.add_argument('entrypoint', nargs='+', metavar='-- PROGRAM [WORD...]')
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(asked.output))) as scratch:
        layers = [layer(source, os.path.join(scratch, str(at))) for at, source in enumerate(asked.layer)]
        write_archive(asked, layers, os.path.join(scratch, 'archive'))
        os.replace(os.path.join(scratch, 'archive'), asked.output)
    print(f'{asked.output}: {len(layers)} layers, {os.path.getsize(asked.output)} bytes')


def layer(source, path):
    """Writes one layer; returns its path and SHA-256, which Docker calls its diffID."""
    with tarfile.open(path, 'w') as tar:
        members_of = folder_members if os.path.isdir(source) else tar_members
        for member, content in members_of(source):
            member.name = os.path.normpath(member.name)
            member.mtime = 0
            member.pax_headers = {}
            tar.addfile(member, content)
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for piece in iter(lambda: file.read(1 << 20), b''):
            digest.update(piece)
    return path, digest.hexdigest()


def folder_members(folder):
    """Owned by root, whoever owns the files here. A file with two names is written twice."""
    tar = tarfile.TarFile(fileobj=io.BytesIO(), mode='w', dereference=False)
    for above, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(above, name)
            tar.inodes.clear()
            member = tar.gettarinfo(path, os.path.relpath(path, folder))
            member.uid = member.gid = 0
            member.uname = member.gname = ''
            if member.isreg():
                with open(path, 'rb') as file:
                    yield member, file
            else:
                yield member, None


def tar_members(path):
    """Names are sorted; a hard link follows the file that it names. Docker makes the devices."""
    with tarfile.open(path) as tar:
        wanted = [one for one in tar if os.path.normpath(one.name) != '.' and not (one.isdev() or one.isfifo())]
        for member in sorted(wanted, key=lambda one: (one.islnk(), os.path.normpath(one.name))):
            member.uname = member.gname = ''
            if member.islnk():
                member.linkname = os.path.normpath(member.linkname)
            yield member, tar.extractfile(member) if member.isreg() else None


def write_archive(asked, layers, path):
    config = document({
        'architecture': asked.architecture,
        'config': {
            'Entrypoint': asked.entrypoint,
            'Env': asked.env,
            'ExposedPorts': {f'{port}/tcp': {} for port in asked.port},
            'User': asked.user,
        },
        'created': '1970-01-01T00:00:00Z',
        'os': 'linux',
        'rootfs': {'type': 'layers', 'diff_ids': [f'sha256:{digest}' for _, digest in layers]},
    })
    config_name = f'{hashlib.sha256(config).hexdigest()}.json'
    manifest = document([{
        'Config': config_name,
        'RepoTags': None,
        'Layers': [f'{digest}/layer.tar' for _, digest in layers],
    }])
    with tarfile.open(path, 'w') as tar:
        for digest, source in {digest: source for source, digest in layers}.items():
            with open(source, 'rb') as file:
                add(tar, f'{digest}/layer.tar', os.path.getsize(source), file)
        add(tar, config_name, len(config), io.BytesIO(config))
        add(tar, 'manifest.json', len(manifest), io.BytesIO(manifest))


def document(content):
    return json.dumps(content, sort_keys=True).encode()


def add(tar, name, size, content):
    member = tarfile.TarInfo(name)
    member.size = size
    tar.addfile(member, content)


if __name__ == '__main__':
    main()
