#!/bin/sh
# `sh test/python/pin.sh FILE...` pins requirement files anew: the versions of each line stay as they stand in the file, and
# behind each come the SHA-256 of all files that the index has of it, for every Python and processor. To move to another
# version, change it in its line first; what it needs beside itself is added, and what does not fit is told.
set -eu
cd "$(dirname "$0")/../.."

tools=.venv/pip-tools
python3 -m venv --clear "$tools"
"$tools/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps --only-binary :all: --require-hashes \
  --requirement test/python/pip-tools.txt

for file in "$@"; do
  sed -n 's/^\([A-Za-z0-9._-]*==[^ \\]*\).*/\1/p' "$file" >"$tools/wanted.in"
  rm -f "$tools/pinned.txt"
  "$tools/bin/pip-compile" --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
    --no-emit-index-url --no-emit-trusted-host --no-emit-options --output-file "$tools/pinned.txt" "$tools/wanted.in"
  cp "$tools/pinned.txt" "$file"
  echo "$file: $(grep -c == "$file") packages, $(grep -c sha256: "$file") files"
done
