#!/bin/sh
# Runs one verb: `sh tasks/run.sh VERB [flags]`. On a fresh clone it installs the locked npm packages first,
# among them the Node that runs everything else, so that any npm (and any system Node) can start it.
set -eu
cd "$(dirname "$0")/.."

installed=node_modules/.installed-lock.json
if ! cmp -s package-lock.json "$installed"; then
  echo "installing the locked npm packages" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json "$installed"
fi

PATH="$PWD/node_modules/.bin:$PATH"
# What Node compiled once it need not compile again: the small verbs take a third of the time.
NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$PWD/node_modules/.cache/compile}"
export PATH NODE_COMPILE_CACHE
exec node tasks/terminal/main.ts "$@"
