import { execa } from 'execa'
import t, { type Test } from 'tap'
import { bootIdIn, clockFault, faultIn, imageTest, isSynchronised, remedyFor } from './image-test.ts'
import { onPath } from './path-fixture.ts'

const at = 1_795_270_000_000

t.test('judges the clock of an instance', async (t) => {
  const cases: [what: string, lines: [text: string, heardAt: number][], fault: string | undefined][] = [
    ['no line', [], 'it did not tell its clock'],
    ['other lines', [['bakeroll-boot 1', at]], 'it did not tell its clock'],
    ['synchronised', [['bakeroll-clock synchronised', at]], undefined],
    ['right', [[`bakeroll-clock ${at - 200}`, at]], undefined],
    ['at the limit', [[`bakeroll-clock ${at - 1000}`, at]], undefined],
    ['behind', [[`bakeroll-clock ${at - 3240}`, at]], 'its clock is off by -3.2 s, and no time server has set it'],
    ['ahead', [[`bakeroll-clock ${at + 1500}`, at]], 'its clock is off by 1.5 s, and no time server has set it'],
    [
      'one line was slow',
      [
        [`bakeroll-clock ${at}`, at + 4000],
        [`bakeroll-clock ${at + 10}`, at + 60],
      ],
      undefined,
    ],
    [
      'lost after the reboot',
      [
        ['bakeroll-clock synchronised', at],
        [`bakeroll-clock ${at - 60_000}`, at],
      ],
      'its clock is off by -60.0 s, and no time server has set it',
    ],
    [
      'found after the reboot',
      [
        [`bakeroll-clock ${at - 60_000}`, at],
        ['bakeroll-clock synchronised', at],
      ],
      undefined,
    ],
  ]
  for (const [what, lines, fault] of cases) {
    const heard = lines.map(([text, heardAt]) => ({ text, heardAt }))
    t.equal(clockFault(heard), fault, what)
  }
})

/** A packet filter whose chains have this default policy. */
function rules(policy: 'drop' | 'accept'): string {
  const chains = ['input', 'forward'].map((hook) => `type filter hook ${hook} priority filter; policy ${policy};`)
  return `[ "$1" = --file ] || echo '${chains.join('\n')}'`
}

/** One that has its rules only just after loading them. */
const forgotten = `touched=$(dirname "$0")/loaded
if [ "$1" = --file ]; then : >"$touched"; elif [ -e "$touched" ]; then rm "$touched"; ${rules('drop')}; fi`

/** An instance without a fault. */
const well = {
  curl: `for url; do :; done
case $url in
*/version.txt) echo 1.4.0;;
*/healthz) printf 200;;
*/instance-id) printf 401;;
esac`,
  unshare: 'shift; exec "$@"',
  nft: rules('drop'),
  docker:
    'case "$*" in *Pid*) echo 4321;; inspect*) echo running, exit code 0, 0 restarts;; logs*) echo listening; echo ready;; esac',
  systemctl: '',
  find: '',
  nsenter: '[ "$3" = 4321 ] || exit 90; shift 3; exec "$@"',
  setpriv: 'printf 000; exit 7',
  chronyc: 'exit 0',
  sshd: "echo 'kexalgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256'; echo 'macs hmac-sha2-512-etm@openssh.com'",
}

async function run(
  t: Test,
  changed: Partial<typeof well>,
  { patience = 4, serviceSeconds = 60, healthPath = '/healthz', versionPath = '/version.txt' } = {},
) {
  onPath(t, { ...well, ...changed })
  const input = imageTest('1.4.0', { clockSeconds: patience, serviceSeconds, healthPath, versionPath })
  const { exitCode, stdout, stderr } = await execa('sh', ['-s'], { input, reject: false })
  return { exitCode, stdout, stderr }
}

t.test('passes an instance without a fault', async (t) => {
  const { exitCode, stdout, stderr } = await run(t, {})
  t.equal(exitCode, 0, stderr)
  t.ok(isSynchronised(stdout))
  t.match(bootIdIn(stdout), /^[0-9a-f-]{36}$/)
  t.equal(faultIn(stdout), undefined)
})

t.test('without a time server, the caller judges the clock', async (t) => {
  for (const [chronyc, patience] of [
    ['exit 1', 4],
    ['exit 0', 0],
  ] as const) {
    const { exitCode, stdout } = await run(t, { chronyc }, { patience })
    t.equal(exitCode, 0)
    const lines = stdout.split('\n').map((text) => ({ text, heardAt: Date.now() }))
    t.equal(lines.filter(({ text }) => /^bakeroll-clock \d{13}$/.test(text)).length, 3)
    t.equal(clockFault(lines), undefined)
    t.notOk(isSynchronised(stdout))
  }
})

t.test('waits for the service as long as the caller says', async (t) => {
  const impatient = { patience: 0, serviceSeconds: 0 }
  const { exitCode, stdout } = await run(t, { curl: 'printf 000; exit 7' }, impatient)
  t.equal(exitCode, 1)
  const container = 'the container is running; it said last: listening | ready'
  t.equal(faultIn(stdout), `GET /healthz: 000, expected 200, for 0 s; ${container}`)
  const dying =
    "case $1 in inspect) echo restarting, exit code 3, 7 restarts;; logs) printf 'no \\033[31mdatabase\\n';; esac"
  const { stdout: said } = await run(
    t,
    { curl: well.curl.replace('printf 200', 'printf 502'), docker: dying },
    impatient,
  )
  t.equal(
    faultIn(said),
    'GET /healthz: 502, expected 200, for 0 s; the container is restarting, exit code 3, 7 restarts; it said last: no [31mdatabase',
  )
  const redirected = await run(t, { curl: well.curl.replace('printf 200', 'printf 302') }, impatient)
  t.match(faultIn(redirected.stdout), /^GET \/healthz: 302, expected 200/, 'a redirect is not healthy')
})

t.test('suggests what the user can change when the fault shows it', async (t) => {
  const readOnly = `case $1 in inspect) echo restarting, exit code 1, 9 restarts;;
    logs) echo 'mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)';; esac`
  const cases: [answer: number, docker: string | undefined, remedy: RegExp | undefined][] = [
    [502, readOnly, /service\.options \['--tmpfs=/],
    [301, undefined, /service\.healthPath is a path that answers 200 itself/],
    [404, undefined, /service\.healthPath is a path/],
    [502, undefined, /every address of its container \(0\.0\.0\.0\), at service\.port/],
    [500, undefined, undefined],
  ]
  for (const [answer, docker, remedy] of cases) {
    const curl = well.curl.replace('printf 200', `printf ${answer}`)
    const { stdout } = await run(t, { curl, ...(docker === undefined ? {} : { docker }) }, { serviceSeconds: 0 })
    const found = remedyFor(faultIn(stdout) ?? '')
    if (remedy === undefined) t.equal(found, undefined)
    else t.match(found, remedy, `${answer}`)
  }
})

t.test('without a health path, asks only nginx', async (t) => {
  const curl = well.curl.replace('*/healthz) printf 200;;', '')
  t.equal((await run(t, { curl }, { serviceSeconds: 0, healthPath: '' })).exitCode, 0)
  const own = { serviceSeconds: 0, versionPath: '' }
  t.equal(
    (await run(t, { curl: well.curl.replace('1.4.0', 'anything') }, own)).exitCode,
    0,
    'the service serves its version',
  )
  const { stdout } = await run(t, { curl: 'exit 7' }, { serviceSeconds: 0, healthPath: '' })
  t.equal(faultIn(stdout), 'nginx does not answer on port 80 within 0 s')
})

t.test('names what is wrong', async (t) => {
  const metadata = (status: string) => well.curl.replace('printf 401', `printf ${status}`)
  const cases: [what: string, changed: Partial<typeof well>, fault: string | RegExp][] = [
    ['another release', { curl: well.curl.replace('1.4.0', '1.3.0') }, 'it serves release 1.3.0, expected 1.4.0'],
    ['no rules', { nft: 'exit 1' }, 'the packet filter does not close input'],
    ['rules that are open', { nft: rules('accept') }, 'the packet filter does not close input'],
    ['rules that are not loaded', { nft: forgotten }, 'the packet filter has not loaded its rules'],
    ['a failed unit', { systemctl: "echo 'chrony.service loaded failed failed'" }, 'failed units: chrony.service'],
    [
      'weak SSH',
      { sshd: 'echo macs hmac-sha1,hmac-sha2-256,hmac-sha1-etm@openssh.com' },
      'sshd offers hmac-sha1 hmac-sha1-etm@openssh.com',
    ],
    ['SSH without settings', { sshd: 'exit 255' }, 'sshd does not tell its settings'],
    ['a key', { find: 'echo AAAAC3NzaC1lZDI1NTE5AAAAIabc' }, 'an SSH key is in the image'],
    [
      'metadata without a token',
      { curl: metadata('200') },
      'instance metadata answer 200 without a token, expected 401: IMDSv2 is not required',
    ],
    [
      'metadata for the service',
      { setpriv: 'printf 200' },
      'instance metadata answer 200 to the service: they are for root alone',
    ],
  ]
  for (const [what, changed, fault] of cases) {
    const { exitCode, stdout } = await run(t, changed)
    t.equal(exitCode, 1, what)
    t.match(faultIn(stdout), fault, what)
  }
})
