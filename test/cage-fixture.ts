import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import type { Test } from 'tap'

const files = join(import.meta.dirname, '../ansible/roles/hardening/files')
export const rules = join(files, 'nftables.conf')
const kernelSettings = join(files, 'sysctl.conf')

/** Debian keeps nft where a user's PATH does not look. */
export const PATH = `${process.env['PATH']}${delimiter}/usr/sbin${delimiter}/sbin`

/** Runs a script in a network of its own, with a user bakeroll-keys, as the role for identities makes it. */
export function inNetwork(t: Test, script: string) {
  const folder = mkdtempSync(join(tmpdir(), 'bakeroll-passwd-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const passwd = join(folder, 'passwd')
  writeFileSync(passwd, `${readFileSync('/etc/passwd', 'utf8')}bakeroll-keys:x:899:899::/:/bin/false\n`)
  const whole = `mount --bind '${passwd}' /etc/passwd || exit 90\nset -e\n${script}`
  const unshare = process.getuid?.() === 0 ? '-mn' : '-rmn'
  return execa('unshare', [unshare, 'sh', '-c', whole], { reject: false, env: { PATH } })
}

const talk = `/usr/bin/python3 '${join(import.meta.dirname, 'cage-network.py')}'`

/** An instance by its networks: 203.0.113.1 and a metadata card to the world, docker0 to the container, and who listens where. */
const instance = `mount -t tmpfs tmpfs /run
ip link set lo up
ip link add docker0 type bridge
ip link set docker0 addrgenmode none up
ip address add 172.17.0.1/30 dev docker0
ip address add fe80::1/64 dev docker0 nodad
for place in container world metadata; do
  ip netns add $place
  ip link add to-$place type veth peer name eth0 netns $place
  ip link set to-$place addrgenmode none up
  ip -n $place link set lo up
  ip -n $place link set eth0 addrgenmode none up
done
ip link set to-container master docker0
ip -n container address add 172.17.0.2/30 dev eth0
ip -n container address add fe80::2/64 dev eth0 nodad
ip -n container route add default via 172.17.0.1
ip address add 203.0.113.1/24 dev to-world
ip address add fe80::1/64 dev to-world nodad
ip -n world address add 203.0.113.9/24 dev eth0
ip -n world address add fe80::9/64 dev eth0 nodad
ip -n world route add 172.17.0.0/30 via 203.0.113.1
ip address add 169.254.169.1/24 dev to-metadata
ip -n metadata address add 169.254.169.254/24 dev eth0
ip -n metadata address add 169.254.169.123/24 dev eth0
ip -n metadata route add 172.17.0.0/30 via 169.254.169.1
grep -E '^net[.]ipv4[.](conf|ip_forward)' '${kernelSettings}' | sysctl --quiet --load=-
servers=
serve() {
  mkfifo /run/ready
  $1 ${talk} serve $2 >/run/ready &
  servers="$servers $!"
  read -r ready </run/ready
  rm /run/ready
}
trap 'kill $servers' EXIT
serve '' '0.0.0.0/22 0.0.0.0/80 0.0.0.0/8000 127.0.0.1/8001 172.17.0.1/53 ::/8002'
serve 'ip netns exec container' '0.0.0.0/3000'
serve 'ip netns exec world' '0.0.0.0/80 0.0.0.0/5432'
serve 'ip netns exec metadata' '0.0.0.0/80'
`

/** Who is asked from where, by name; the address is host/port, and a name that ends in "by UDP" is asked so. */
export type Questions = Readonly<Record<'container' | 'world' | 'machine', Readonly<Record<string, string>>>>

/** What is told to each, in such an instance: the address that the asker had, `refused` or `silent`. */
export async function askAll(t: Test, setup: string, questions: Questions): Promise<Record<string, string>> {
  const asked = Object.entries(questions).map(([from, addresses]) => {
    const words = Object.entries(addresses).map(([to, address]) => `'${from} to ${to}=${address}'`)
    return `${from === 'machine' ? '' : `ip netns exec ${from} `}${talk} ask ${words.join(' ')} >/run/${from} & askers="$askers $!"`
  })
  const script = [instance, setup, 'askers=', ...asked, 'wait $askers', 'cat /run/container /run/world /run/machine']
  const { stdout, stderr, exitCode } = await inNetwork(t, script.join('\n'))
  t.equal(exitCode, 0, stderr)
  return Object.fromEntries(stdout.split('\n').map((line) => line.split(': ') as [string, string]))
}
