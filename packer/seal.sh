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
ss -Hltn | awk '{ print $4 }' | grep -vE '^(127\.|\[::1\])' | grep -vE ':(22|80)$' && refuse 'the addresses above listen to the network'
sync
exit "$failed"
