#!/bin/sh
# `metadata-slots.sh FILE PROGRAM...` runs the program, unless four started with this FILE are running. A machine may
# open any number of connections to its metadata service, and each is a process on this computer. The program inherits
# the lock of its slot, which the system releases when it ends.
set -u
umask 077
file=$1
shift
for slot in 1 2 3 4; do
  exec 9>"$file.slot$slot"
  flock --nonblock 9 && exec "$@"
done
