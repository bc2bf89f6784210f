#!/bin/sh
# `metadata-slots.sh FILE PROGRAM...` runs the program, unless four that were started with this file run already. A machine
# may open any number of connections to its metadata service, and each would be a process on this computer. The program
# inherits the lock of its slot, and the system lifts that when it ends.
set -u
umask 077
file=$1
shift
for slot in 1 2 3 4; do
  exec 9>"$file.slot$slot"
  flock --nonblock 9 && exec "$@"
done
