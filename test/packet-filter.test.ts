import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'

const role = join(import.meta.dirname, '../ansible/roles/hardening/files')
const rules = join(role, 'nftables.conf')

/** Debian keeps nft where a user's PATH does not look. */
const PATH = `${process.env['PATH']}${delimiter}/usr/sbin${delimiter}/sbin`

/** Runs a script in a network of its own, with a user bakeroll-keys, as the role for identities makes it. */
function inNetwork(t: Test, script: string) {
  const folder = mkdtempSync(join(tmpdir(), 'bakeroll-passwd-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const passwd = join(folder, 'passwd')
  writeFileSync(passwd, `${readFileSync('/etc/passwd', 'utf8')}bakeroll-keys:x:899:899::/:/bin/false\n`)
  const whole = `mount --bind '${passwd}' /etc/passwd || exit 90\nset -e\n${script}`
  const unshare = process.getuid?.() === 0 ? '-mn' : '-rmn'
  return execa('unshare', [unshare, 'sh', '-c', whole], { reject: false, env: { PATH } })
}

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

t.test("its service does not flush the rules of others when it stops, as Debian's does", async (t) => {
  t.match(readFileSync(join(role, 'nftables-service.conf'), 'utf8'), /^\[Service\]\nExecStop=$/m)
  t.notMatch(readFileSync(rules, 'utf8'), /flush/)
})
