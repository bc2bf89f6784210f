import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { bridgeAddress, containerAddress, keysUser } from '../tasks/tools/run-arguments.ts'
import { askAll, inNetwork, PATH, type Questions, rules } from './cage-fixture.ts'

const roles = join(import.meta.dirname, '../ansible/roles')
const role = join(roles, 'hardening/files')

/** Why it cannot be tried here; false when it can. */
async function obstacle(t: Test): Promise<string | false> {
  if (!PATH.split(delimiter).some((folder) => existsSync(join(folder, 'nft')))) return 'nft is not installed'
  const { exitCode, stderr } = await inNetwork(t, 'nft add table inet trial')
  return exitCode === 0
    ? false
    : `no network with a packet filter can be made here: ${stderr.trim().split('\n').at(-1)}`
}

t.test('the packet filter makes its own table anew, and leaves the tables of others alone', async (t) => {
  const skip = await obstacle(t)
  if (skip) return t.pass('not tried', { skip })
  const dockers = 'nft add table ip nat; nft add chain ip nat DOCKER; nft add rule ip nat DOCKER counter accept'
  const { stdout, stderr, exitCode } = await inNetwork(
    t,
    `${dockers}; before=$(nft list table ip nat)
nft -f '${rules}'; first=$(nft list table inet bakeroll)
nft add rule inet bakeroll output counter drop
nft -f '${rules}'; second=$(nft list table inet bakeroll)
[ "$first" = "$second" ] && echo "made anew"
[ "$before" = "$(nft list table ip nat)" ] && echo "others stay"
echo "$second"`,
  )
  t.equal(exitCode, 0, stderr)
  t.match(stdout, /^made anew\nothers stay\n/)
  t.match(stdout, /ip daddr 169\.254\.169\.254 meta skuid != \{ 0, 899 \} .*reject/)
})

t.test('metadata answers root and the key service, and nobody else', async (t) => {
  const skip = await obstacle(t)
  if (skip) return t.pass('not tried', { skip })
  if (process.getuid?.() !== 0) return t.pass('not tried', { skip: 'only root can be other users' })
  const server = `import http.server as h, socketserver as s
class Answer(h.BaseHTTPRequestHandler):
  def do_GET(self): self.send_response(200); self.end_headers()
  def log_message(self, *words): pass
s.ThreadingTCPServer(("169.254.169.254", 80), Answer).serve_forever()`
  const ask = `/usr/bin/python3 -c 'import urllib.request as u; u.urlopen("http://169.254.169.254/", timeout=60)' 2>/dev/null`
  const askAs = (uid: number) => `setpriv --reuid ${uid} --regid ${uid} --clear-groups ${ask} && echo ${uid} || :`
  const { stdout, stderr } = await inNetwork(
    t,
    `ip link set lo up; ip address add 169.254.169.254/32 dev lo; nft -f '${rules}'
/usr/bin/python3 -c '${server}' & trap "kill $!" EXIT
until ${ask}; do sleep 0.05; done
${[0, 899, 65_532, 65_534].map(askAs).join('\n')}`,
  )
  t.equal(stdout, '0\n899', stderr)
})

t.test('the test of an image knows the loaded rules from none and from others', async (t) => {
  const skip = await obstacle(t)
  if (skip) return t.pass('not tried', { skip })
  const script = readFileSync(join(import.meta.dirname, '../packer/verify.sh'), 'utf8')
  const part = script.match(/^wanted=[\s\S]+?has not loaded its rules'\n/m)?.[0].replaceAll('/etc/nftables.conf', rules)
  const cases: [loaded: string, said: string][] = [
    [`nft -f '${rules}'`, 'well'],
    ['true', 'the packet filter has not loaded its rules'],
    [`nft -f '${rules}'; nft flush chain inet bakeroll forward`, 'the packet filter has not loaded its rules'],
    [`nft -f '${rules}'; nft insert rule inet bakeroll input accept`, 'the packet filter has not loaded its rules'],
  ]
  for (const [loaded, said] of cases) {
    const { stdout, stderr } = await inNetwork(t, `${loaded}\nfail() { echo "$*"; exit; }\n${part}echo well`)
    t.equal(stdout, said, `${loaded} ${stderr}`)
  }
})

t.test("its service does not flush the rules of others when it stops, as Debian's does", async (t) => {
  t.match(readFileSync(join(role, 'nftables-service.conf'), 'utf8'), /^\[Service\]\nExecStop=$/m)
  t.notMatch(readFileSync(rules, 'utf8'), /flush/)
})

const questions: Questions = {
  container: {
    'the world': '203.0.113.9/5432',
    'the web': '203.0.113.9/80',
    'name resolution': '172.17.0.1/53',
    'name resolution by UDP': '172.17.0.1/53',
    metadata: '169.254.169.254/80',
    'its neighbours': '169.254.169.123/80',
    SSH: '172.17.0.1/22',
    nginx: '172.17.0.1/80',
    'nginx by its other address': '203.0.113.1/80',
    'nginx by the metadata card': '169.254.169.1/80',
    'another port': '172.17.0.1/8000',
    'another port by UDP': '172.17.0.1/8000',
    'another port by IPv6': 'fe80::1%eth0/8002',
    loopback: '127.0.0.1/8001',
  },
  world: {
    SSH: '203.0.113.1/22',
    nginx: '203.0.113.1/80',
    'another port': '203.0.113.1/8000',
    'another port by UDP': '203.0.113.1/8000',
    'another port by IPv6': 'fe80::1%eth0/8002',
    'name resolution': '172.17.0.1/53',
    'name resolution by UDP': '172.17.0.1/53',
    'the container': '172.17.0.2/3000',
  },
  machine: { 'the container': '172.17.0.2/3000', 'the world': '203.0.113.9/80', metadata: '169.254.169.254/80' },
}

t.test('the container reaches the world and name resolution, and nothing of the machine or its link', async (t) => {
  const skip = await obstacle(t)
  if (skip) return t.pass('not tried', { skip })
  const before = await askAll(t, '', questions)
  t.strictSame(namesOf(before, isClosed), ['container to loopback'], 'without the rules all is open: they close it')
  const answers = await askAll(t, `nft -f '${rules}'`, questions)
  const open = Object.entries(answers).filter(([, answer]) => !isClosed(answer))
  t.strictSame(Object.fromEntries(open), {
    'container to the world': '203.0.113.1',
    'container to the web': '203.0.113.1',
    'container to name resolution': '172.17.0.2',
    'container to name resolution by UDP': '172.17.0.2',
    'world to SSH': '203.0.113.9',
    'world to nginx': '203.0.113.9',
    'machine to the container': '172.17.0.1',
    'machine to the world': '203.0.113.1',
    'machine to metadata': '169.254.169.1',
  })
  const refused = namesOf(answers, (answer) => answer === 'refused')
  for (const to of ['metadata', 'SSH', 'nginx', 'another port']) t.ok(refused.includes(`container to ${to}`), to)
})

const isClosed = (answer: string) => answer === 'refused' || answer === 'silent'

function namesOf(answers: Readonly<Record<string, string>>, is: (answer: string) => boolean): string[] {
  return Object.keys(answers).filter((name) => is(answers[name] ?? ''))
}

t.test("an address that is not the container's own gets nowhere from its bridge", async (t) => {
  const skip = await obstacle(t)
  if (skip) return t.pass('not tried', { skip })
  const moved = 'ip -n container address add 198.51.100.7/32 dev eth0; ip route add 198.51.100.7 dev docker0'
  const another = 'ip -n container route replace default via 172.17.0.1 src 198.51.100.7'
  const { container } = questions
  const asked = { container: { 'the world': container['the world'] ?? '' }, world: {}, machine: {} }
  const answers = await askAll(t, `ip -n world route add 198.51.100.7 via 203.0.113.1\n${moved}\n${another}`, asked)
  t.strictSame(answers, { 'container to the world': '198.51.100.7' })
  const stopped = await askAll(t, `nft -f '${rules}'\n${moved}\n${another}`, asked)
  t.strictSame(stopped, { 'container to the world': 'silent' })
})

t.test('Docker, name resolution, packet filter and nginx mean the same addresses', async (t) => {
  const daemon = JSON.parse(readFileSync(join(roles, 'docker/files/daemon.json'), 'utf8'))
  t.equal(daemon.bip, `${bridgeAddress}/30`)
  t.equal(daemon.iptables, false)
  // Without its proxy Docker lets packets for 127.0.0.0/8 in from the bridge (route_localnet).
  t.equal(daemon['userland-proxy'], true)
  t.match(readFileSync(join(role, 'resolved.conf'), 'utf8'), `DNSStubListenerExtra=${bridgeAddress}\n`)
  const filter = readFileSync(rules, 'utf8')
  t.strictSame([...new Set(filter.match(/172\.17\.[\d.]+/g))].sort(), [bridgeAddress, containerAddress])
  t.match(readFileSync(join(roles, 'identity/tasks/main.yml'), 'utf8'), `uid: ${keysUser}\n`)
})
