#!/bin/sh
# Runs first on a builder on AWS: Debian's cloud image is weeks old and has no package lists, and cloud-init is still
# writing the sources. A system that has all packages of the base layer is left unchanged.
set -eu

# Ignore its errors: all we need of it is SSH, which works.
if command -v cloud-init >/dev/null; then cloud-init status --wait >/dev/null || true; fi
if dpkg-query --show docker.io nginx-light chrony >/dev/null 2>&1; then exit 0; fi

export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=300 update
apt-get -qy -o DPkg::Lock::Timeout=300 upgrade
