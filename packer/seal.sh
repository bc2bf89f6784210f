#!/bin/sh
# The last provisioner of every bake: removes what must not be in an image, then fails if any of it is left.
set -eu

rm -f /etc/ssh/ssh_host_* /root/.bash_history /home/*/.bash_history
rm -rf /home/*/.ssh /root/.ssh /home/*/.ansible /root/.ansible /tmp/* /var/tmp/* /var/log/journal /var/lib/chrony/*
rm -rf /var/lib/cloud/instances /var/lib/cloud/instance /var/lib/cloud/data
find /var/log -type f -exec truncate -s 0 {} +
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id /var/lib/systemd/random-seed

failed=0
refuse() {
  echo "seal: $*" >&2
  failed=1
}

for leftover in /etc/ssh/ssh_host_* /home/*/.ssh /root/.ssh /home/*/.bash_history /root/.bash_history /var/lib/cloud/instances; do
  [ ! -e "$leftover" ] || refuse "$leftover is still there"
done
[ ! -s /etc/machine-id ] || refuse 'the machine id is not empty'
awk -F: '$2 != "*" && $2 !~ /^!/ { print $1; found = 1 } END { exit !found }' /etc/shadow &&
  refuse 'the users above have a password'
rules=$(unshare --net sh -c 'nft --file /etc/nftables.conf && nft list table inet bakeroll') || refuse 'the packet filter has no rules'
for hook in input forward; do
  echo "$rules" | grep -q "hook $hook priority filter; policy drop;" || refuse "the packet filter does not close $hook"
done
systemctl is-enabled --quiet nftables.service || refuse 'the packet filter does not start at boot'
sync
exit "$failed"
