// needs: local
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { limitsAt } from '../tasks/lib/pace.ts'
import { type Home, homeAt } from '../tasks/platforms/home.ts'
import { loadBalancerOf } from '../tasks/platforms/local/load-balancer.ts'
import { takeLock } from '../tasks/platforms/local/lock.ts'
import { openPlainPaths } from '../tasks/platforms/plain-paths.ts'
import { ownArchitecture } from '../tasks/platforms/service-image.ts'
import { makeClock } from '../tasks/tools/container-archive/archive-fixture.ts'
import { onPath } from '../tasks/tools/path-fixture.ts'
import { anyFreePort } from '../tasks/tools/ports.ts'
import { homeWithGroup, layBase } from './group-fixture.ts'

const repository = join(import.meta.dirname, '..')
const nobody = 65_534
const skip = process.getuid?.() !== 0 && 'only root can be another user'

const userFlags = (uid: number) => ['--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups']

/** Runs a program as another user. */
const as = (uid: number, program: string, arguments_: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  // tap loads itself into every Node that a test starts; this one may write nothing in its place.
  execa('setpriv', [...userFlags(uid), 'env', 'NODE_OPTIONS=', program, ...arguments_], {
    cwd: repository,
    stdin: 'ignore',
    reject: false,
    env: { XDG_RUNTIME_DIR: '', ...env },
  })

/** What somebody gets who tries each of these paths in every way; nothing is what is right. */
const attack = `
import fcntl, os, socket, sys
def tried(what, path, work):
  try:
    work()
    print(what, path)
  except OSError:
    pass
def connect(path):
  socket.socket(socket.AF_UNIX).connect(path)
for path in sys.stdin.read().split("\\0"):
  tried("lists", path, lambda: os.listdir(path))
  tried("enters", path, lambda: os.chdir(path))
  tried("reads", path, lambda: open(path, "rb").read())
  tried("locks", path, lambda: fcntl.lockf(os.open(path, os.O_RDWR), fcntl.LOCK_EX))
  tried("locks", path, lambda: fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX))
  tried("connects to", path, lambda: connect(path))
  tried("makes", path, lambda: os.mkdir(os.path.join(path, "mine")))
  tried("moves", path, lambda: os.rename(path, path + "-mine"))
`

async function gainedBy(uid: number, paths: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await execa('setpriv', [...userFlags(uid), '/usr/bin/python3', '-c', attack], {
    input: paths.join('\0'),
    cwd: '/',
  })
  if (stderr !== '') throw new Error(stderr)
  return stdout.split('\n').filter(Boolean)
}

/** Everything in a folder, and the folder itself. A link is listed, not followed: `readdirSync`'s `recursive` leaves by it. */
function allIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  return [
    folder,
    ...entries.flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? allIn(path) : [path]
    }),
  ]
}

/** A home with a group, a running load balancer, a held lock and the short folder of a bake with a socket in it. */
async function livingHome(t: Test): Promise<{ home: Home; short: string }> {
  const port = await anyFreePort()
  const home = await homeWithGroup(t, { port })
  const balancer = loadBalancerOf({
    group: 'timeapp',
    folder: join(home.groups, 'timeapp'),
    port,
    healthPath: '/healthz',
    answerTimeoutSeconds: 10,
    limits: () => limitsAt(3),
  })
  t.teardown(() => balancer.stop())
  await balancer.start([])
  const lock = await takeLock(join(home.folder, 'locks', 'timeapp'), 'roll')
  t.teardown(() => lock.release())
  const paths = await openPlainPaths(home, '.bake')
  t.teardown(() => paths.remove())
  const socket = createServer().listen(join(paths.scratchFolder, 'packer-plugin1'))
  t.teardown(() => socket.close())
  return { home, short: dirname(paths.scratchFolder) }
}

t.test(
  'another user gets nothing of a home, its sockets and locks, and of the short folder of a bake',
  { skip },
  async (t) => {
    const { home, short } = await livingHome(t)
    const status = await execa('sh', ['tasks/run.sh', 'status'], {
      cwd: repository,
      env: { NODE_OPTIONS: '', BAKEROLL_HOME: home.folder },
    })
    t.match(status.stdout, /load balancer running/)
    const paths = [...allIn(home.folder), ...allIn(short)]
    for (const name of ['haproxy.sock', 'id_ed25519', '.guard', 'console.log', 'packer-plugin1']) {
      t.ok(
        paths.some((path) => path.endsWith(`/${name}`)),
        `${name} is tried`,
      )
    }
    t.same(await gainedBy(nobody, paths), [])
    // Somebody may have put the home beside other things, whose folder is open.
    chmodSync(home.folder, 0o755)
    const ofTheDoor = ['lists', 'enters', 'locks'].map((what) => `${what} ${home.folder}`)
    t.same(await gainedBy(nobody, paths), ofTheDoor, 'behind an open door')
  },
)

t.test('the attack sees what is open', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bakeroll-open-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  chmodSync(folder, 0o777)
  const [file, socketFile] = [join(folder, 'file'), join(folder, 'socket')]
  writeFileSync(file, '')
  chmodSync(file, 0o644)
  const socket = createServer().listen(socketFile, () => chmodSync(socketFile, 0o777))
  t.teardown(() => socket.close())
  const gained = await gainedBy(nobody, [folder, file, socketFile])
  for (const what of ['lists', 'enters', 'makes', 'reads', 'locks', 'connects to']) {
    t.ok(
      gained.some((line) => line.startsWith(`${what} /`)),
      what,
    )
  }
})

/** What somebody may lay in the place of the short folder's usual parent. */
const squats: Readonly<Record<string, (place: string, elsewhere: string) => void>> = {
  'a link to a folder of the operator': (place, elsewhere) => symlinkSync(elsewhere, place),
  'a folder of another user': (place) => mkdirSync(place, { mode: 0o777 }),
  'a file': (place) => writeFileSync(place, ''),
}

t.test('a bake works in a folder of its own, whatever another user has laid in its place', { skip }, async (t) => {
  // ssh wants a user with a name. What root has laid there is another user's to it.
  const operator = nobody
  const place = `/tmp/bakeroll-${operator}`
  const around = mkdtempSync(join(tmpdir(), 'bakeroll-bake-'))
  const home = homeAt(join(around, '.bakeroll'))
  const elsewhere = join(around, 'elsewhere')
  const seen = join(around, 'seen')
  t.teardown(() => {
    for (const path of [around, place]) rmSync(path, { recursive: true, force: true })
  })
  mkdirSync(elsewhere, { mode: 0o700 })
  // The example's own image, with Node in it, takes seconds to be packed for each bake.
  const archive = join(around, 'clock.tar')
  copyFileSync((await makeClock(t, { architecture: ownArchitecture })).file, archive)
  await layBase(home, archive)
  await execa('chown', ['-R', `${operator}:${operator}`, around])
  const packer = `[ "$1" = version ] && echo Packer v1.6.6 && exit
stat -c '%n %u %a' "$(dirname "$(dirname "$TMPDIR")")" >'${seen}'; echo 'error: no machine'; exit 1`
  onPath(t, { packer })
  const env = {
    BAKEROLL_HOME: home.folder,
    BAKEROLL_LOCAL_PACE: '1',
    BAKEROLL_SERVICE_ARCHIVE: archive,
    ANSIBLE_STRATEGY: 'linear',
    HOME: elsewhere,
    NODE_COMPILE_CACHE: join(around, 'cache'),
  }
  const reached = await as(operator, 'sh', ['tasks/run.sh', 'bake', '--dry-run'], env)
  if (reached.exitCode !== 0)
    return t.pass('not tried', { skip: `another user cannot run this clone: ${reached.stderr}` })
  for (const [what, lay] of Object.entries(squats)) {
    lay(place, elsewhere)
    const { exitCode, stderr } = await as(operator, 'sh', ['tasks/run.sh', 'bake'], env)
    t.equal(exitCode, 5, what)
    t.match(stderr, /^error: packer failed: error: no machine\nhint: {2}less /m, `${what}: as far as Packer`)
    t.match(readFileSync(seen, 'utf8'), new RegExp(`^${place}-\\w{6} ${operator} 700\n$`), what)
    t.same(readdirSync(elsewhere), [], `${what}: nothing was followed`)
    const left = readdirSync('/tmp').filter((name) => name.startsWith(`bakeroll-${operator}-`))
    t.same(left, [], `${what}: its folder is gone`)
    rmSync(place, { recursive: true, force: true })
    t.notOk(existsSync(place))
  }
})
