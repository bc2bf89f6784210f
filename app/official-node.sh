#!/bin/sh
# `sh app/official-node.sh VERSION [URL]` prints the entry of app/official-node.ts for a Node release: downloads its
# archives for both processors and their checksums, and fails when they differ. With gpgv and Node's keyring
# (https://github.com/nodejs/release-keys) in NODE_KEYRING, also verifies the signature of the checksums.
set -eu

version=$1
url=${2:-https://nodejs.org/dist}/v$version
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

get() {
  curl -fsS --proto-default https --retry 3 -o "$1" "$url/$1"
}

if [ -n "${NODE_KEYRING:-}" ]; then
  get SHASUMS256.txt.asc
  gpgv --keyring "$NODE_KEYRING" --output SHASUMS256.txt SHASUMS256.txt.asc
else
  get SHASUMS256.txt
fi

echo "version: '$version',"
for arch in x64 arm64; do
  archive=node-v$version-linux-$arch.tar.xz
  get "$archive"
  grep "  $archive\$" SHASUMS256.txt | sha256sum --check --quiet --strict -
  binary=$(tar --extract --xz --to-stdout --file "$archive" "node-v$version-linux-$arch/bin/node" | sha256sum | cut -d' ' -f1)
  echo "$arch: { archive: '$(sha256sum "$archive" | cut -d' ' -f1)', binary: '$binary' },"
done
