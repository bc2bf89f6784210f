#!/bin/sh
# Checks an instance of a new image from inside, as root: verify.sh RELEASE CLOCK_SECONDS SERVICE_SECONDS HEALTH_PATH
# VERSION_PATH, with how long to wait for the clock and for the service; an empty health path leaves the service's answer
# out, an empty version path that of nginx. The clock follows a time server, or the computer that the machine runs on. Prints the fault, or the facts that the caller needs to
# judge the rest: clock and boot id.
set -eu

release=$1
patience=$2
limit=$3
health=$4
version=$5

fail() {
  echo "verify: $*"
  exit 1
}

# Seconds since boot, because the clock may be set during the wait.
uptime() { cut -d . -f 1 /proc/uptime; }

# The state of the container and its last lines, as one line.
container() {
  state=$(docker inspect --format '{{.State.Status}}, exit code {{.State.ExitCode}}, {{.RestartCount}} restarts' service 2>&1) || true
  said=$(docker logs --tail 5 service 2>&1 | tr -cd '[:print:]\n' | cut -c 1-200 | paste -sd '|' | sed 's/|/ | /g') || true
  echo "the container is ${state%, exit code 0, 0 restarts}; it said last: ${said:-nothing}"
}

end=$(($(uptime) + limit))
until [ -z "$health" ]; do
  code=$(curl -s -o /dev/null -w '%{http_code}' --max-time 5 "http://127.0.0.1$health") || true
  [ "$code" != 200 ] || break
  [ "$(uptime)" -lt "$end" ] || fail "GET $health: $code, expected 200, for $limit s; $(container)"
  sleep 2
done
until [ -z "$version" ] || served=$(curl -fsS --max-time 5 "http://127.0.0.1$version"); do
  [ "$(uptime)" -lt "$end" ] || fail "nginx does not answer on port 80 within $limit s"
  sleep 2
done
[ "${served:-$release}" = "$release" ] || fail "it serves release $served, expected $release"

# What listens is open only as far as the packet filter lets it: the loaded rules must be those of its file.
wanted=$(unshare --net sh -c 'nft --file /etc/nftables.conf && nft --stateless list table inet bakeroll') || wanted=none
for hook in input forward; do
  echo "$wanted" | grep -q "hook $hook priority filter; policy drop;" || fail "the packet filter does not close $hook"
done
[ "$(nft --stateless list table inet bakeroll)" = "$wanted" ] || fail 'the packet filter has not loaded its rules'
failed=$(systemctl list-units --failed --plain --no-legend | awk '{ print $1 }' | paste -sd ' ')
[ -z "$failed" ] || fail "failed units: $failed"

# cloud-init puts this instance's key there, from its metadata; any other key came with the image.
own=$(grep -ohE 'AAAA[0-9A-Za-z+/=]+' /run/bakeroll/authorized_keys) || own=none
keys=$(find /home /root -name authorized_keys -exec grep -ohE 'AAAA[0-9A-Za-z+/=]+' {} + | grep -vF "$own") || true
[ -z "$keys" ] || fail 'an SSH key is in the image'

answer=$(curl -s -o /dev/null -w '%{http_code}' --max-time 5 http://169.254.169.254/latest/meta-data/instance-id) || true
[ "$answer" = 401 ] || fail "instance metadata answer $answer without a token, expected 401: IMDSv2 is not required"
# As the service asks: from its container's network, which may be the machine's.
pid=$(docker inspect --format '{{.State.Pid}}' service 2>/dev/null) || pid=0
[ "$pid" -gt 0 ] || pid=1
answer=$(nsenter --net --target "$pid" setpriv --reuid 65532 --regid 65532 --clear-groups curl -s -o /dev/null -w '%{http_code}' --max-time 5 \
  -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token) || true
[ "$answer" = 000 ] || fail "instance metadata answer $answer to the service: they are for root alone"

offered=$(sshd -T) || fail 'sshd does not tell its settings'
weak=$(echo "$offered" | grep -oE '(diffie-hellman|ecdh-sha2|hmac-(md5|sha1)|umac-64|[0-9a-z]+-cbc)[^,]*' | sort -u | paste -sd ' ') || true
[ -z "$weak" ] || fail "sshd offers $weak"

# Skip settings that this kernel does not have.
grep -E '^[a-z].* = ' /etc/sysctl.d/60-bakeroll.conf 2>/dev/null | while read -r name _ wanted; do
  found=$(cat "/proc/sys/$(echo "$name" | tr . /)" 2>/dev/null) || continue
  [ "$found" = "$wanted" ] || fail "kernel setting $name is $found, expected $wanted"
done

if [ "$patience" -gt 0 ] && chronyc -n waitsync "$((patience / 2 + 1))" 1 0 2 >/dev/null; then
  echo 'bakeroll-clock synchronised'
else
  for _ in 1 2 3; do echo "bakeroll-clock $(date +%s%3N)"; done
fi
echo "bakeroll-boot $(cat /proc/sys/kernel/random/boot_id)"
