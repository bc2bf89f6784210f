#!/bin/sh
# Makes shop.tar, a container image of three layers: Debian's Python, the packages of requirements.txt, and app/.
# Needs mmdebstrap and python3 with venv; no Docker and no root.
set -eu
cd -- "$(dirname -- "$0")"
archive=archive.py
[ -e "$archive" ] || archive=../archive.py
export SOURCE_DATE_EPOCH=0
case $(dpkg --print-architecture) in
  arm64) wheels=manylinux2014_aarch64 ;;
  *) wheels=manylinux2014_x86_64 ;;
esac
# The container cannot keep what Python compiles, so that is in the image.
compile='python3 -m compileall -q -f --invalidation-mode unchecked-hash'
python3 --version | grep -q ' 3\.11\.' || compile=:

mkdir -p build
if [ ! -e build/system.tar ]; then
  echo 'system: Debian packages' >&2
  mmdebstrap --quiet --variant=extract --include=python3-minimal,libpython3-stdlib,libc-bin,media-types \
    --extract-hook="rm -rf \"\$1\"/usr/share/locale \"\$1\"/usr/share/man" \
    --extract-hook="$compile -s \"\$1\" -p / \"\$1\"/usr/lib/python3.11" bookworm build/system.part.tar
  mv build/system.part.tar build/system.tar
fi

if ! cmp -s requirements.txt build/packages.txt; then
  echo 'packages: from PyPI, each file proven by its hash' >&2
  rm -rf build/packages build/venv
  python3 -m venv build/venv
  build/venv/bin/python -m pip --disable-pip-version-check install --quiet --no-compile --no-deps --require-hashes \
    --only-binary=:all: --platform "$wheels" --python-version 3.11 --target build/packages/opt/packages --requirement requirements.txt
  $compile -s build/packages -p / build/packages
  cp requirements.txt build/packages.txt
fi

rm -rf build/own
mkdir -p build/own/opt
cp -r app build/own/opt/app
$compile -s build/own -p / build/own

python3 "$archive" shop.tar --layer build/system.tar --layer build/packages --layer build/own \
  --user 65532 --port 8000 --env PYTHONPATH=/opt/packages --env PYTHONUNBUFFERED=1 \
  -- /usr/bin/python3.11 -m gunicorn --config /opt/app/gunicorn.conf.py wsgi:app
