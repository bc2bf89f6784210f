#!/bin/sh
# mmdebstrap customize hook: `local-source.sh ROOT`. Lets Packer into the local source image the way it gets into any
# EC2 instance: the key comes from instance metadata. The identity role lays the same files again, at every bake.
set -eu

root=$1
roles=$(cd "$(dirname "$0")/../ansible/roles" && pwd)

install -m 0755 "$roles/identity/files/bakeroll-identity" "$root/usr/local/sbin/"
install -m 0644 "$roles/identity/files/bakeroll-identity.service" "$root/etc/systemd/system/"
install -m 0644 "$roles/hardening/files/sshd.conf" "$root/etc/ssh/sshd_config.d/10-bakeroll.conf"
chroot "$root" useradd --create-home --shell /bin/bash --password '*' admin
echo 'admin ALL=(ALL) NOPASSWD:ALL' >"$root/etc/sudoers.d/admin"
chmod 0440 "$root/etc/sudoers.d/admin"
chroot "$root" usermod --password '*' root
chroot "$root" systemctl enable --quiet bakeroll-identity.service
chroot "$root" systemctl mask --quiet systemd-networkd-wait-online.service
rm -f "$root"/etc/ssh/ssh_host_*
: >"$root/etc/machine-id"
