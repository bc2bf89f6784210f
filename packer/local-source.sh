#!/bin/sh
# Runs inside the new Debian system of the local platform before its first boot. Lets Packer in as into any EC2
# instance, with a key from instance metadata. The Ansible roles install the same files again at every bake.
set -eu

echo 'LABEL=bakeroll / ext4 defaults 0 0' >/etc/fstab
echo bakeroll >/etc/hostname
echo '127.0.0.1 localhost bakeroll' >/etc/hosts
cat >/etc/systemd/network/20-wired.network <<'END'
[Match]
Name=en*
[Network]
DHCP=yes
[DHCP]
UseDomains=yes
END
systemctl enable --quiet systemd-networkd.service

chmod 0755 /usr/local/sbin/bakeroll-identity
chmod 0644 /etc/systemd/system/bakeroll-identity.service /etc/ssh/sshd_config.d/10-bakeroll.conf
useradd --create-home --shell /bin/bash --password '*' admin
echo 'admin ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/admin
chmod 0440 /etc/sudoers.d/admin
usermod --password '*' root
systemctl enable --quiet bakeroll-identity.service
systemctl mask --quiet systemd-networkd-wait-online.service
rm -f /etc/ssh/ssh_host_*
: >/etc/machine-id
