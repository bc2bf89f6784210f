#!/bin/sh
# Makes wall-clock.tar, a container image of two layers: Debian's perl-base, and the service.
# Needs mmdebstrap and python3; no Docker and no root.
set -eu
cd -- "$(dirname -- "$0")"
archive=archive.py
[ -e "$archive" ] || archive=../archive.py
export SOURCE_DATE_EPOCH=0

mkdir -p build
if [ ! -e build/system.tar ]; then
  mmdebstrap --quiet --variant=extract --include=perl-base,libc6,libcrypt1 \
    --extract-hook="rm -rf \"\$1\"/usr/share/locale \"\$1\"/usr/share/man" bookworm build/system.part.tar
  mv build/system.part.tar build/system.tar
fi
rm -rf build/own
mkdir -p build/own/srv
cp wall-clock.pl build/own/srv/

python3 "$archive" wall-clock.tar --layer build/system.tar --layer build/own --user 65532 --port 8000 \
  -- /usr/bin/perl /srv/wall-clock.pl
