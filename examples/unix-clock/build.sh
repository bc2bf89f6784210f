#!/bin/sh
# Makes unix-clock.tar, a container image of one file. Needs go and python3; no Docker, no network and no root.
set -eu
cd -- "$(dirname -- "$0")"
archive=archive.py
[ -e "$archive" ] || archive=../archive.py

rm -rf build
CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local go build -trimpath -ldflags='-s -w' -o build/image/unix-clock .
python3 "$archive" unix-clock.tar --layer build/image --user 65532 --port 8000 -- /unix-clock
