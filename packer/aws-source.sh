#!/bin/sh
# Runs first on a builder on AWS: Debian's cloud image is weeks old and knows no package lists, and cloud-init still writes
# where they come from. A system that has all packages of the base layer is left as it is.
set -eu

# Its own errors are no reason to stop: what we need of it, SSH, is there.
if command -v cloud-init >/dev/null; then cloud-init status --wait >/dev/null || true; fi
if dpkg-query --show docker.io nginx-light chrony >/dev/null 2>&1; then exit 0; fi

export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=300 update
apt-get -qy -o DPkg::Lock::Timeout=300 upgrade
