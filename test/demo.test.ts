// needs: local
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { onPath } from '../tasks/tools/path-fixture.ts'
import { anyFreePort } from '../tasks/tools/ports.ts'

const repository = join(import.meta.dirname, '..')

/** A home with a group that has no instances, made by a demo or not. */
function homeWithGroup(t: Test, files: readonly string[]): string {
  const home = t.testdir()
  const folder = join(home, 'groups', 'timeapp')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'group.json'), JSON.stringify({ imageId: 'any', size: 2, port: 18_099 }))
  for (const file of files) writeFileSync(join(folder, file), '')
  return home
}

/** Runs the demo with nobody to ask and its port taken, so that it ends before it bakes. */
async function demoWithoutPort(t: Test, home: string) {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const env = { NODE_OPTIONS: '', BAKEROLL_HOME: home, BAKEROLL_LOCAL_PORT: String(port) }
  return execa('sh', ['tasks/run.sh', 'demo', '--json'], { cwd: repository, env, stdin: 'ignore', reject: false })
}

t.test('what an earlier demo left is removed, and nobody is asked', async (t) => {
  const home = homeWithGroup(t, ['demo'])
  const { exitCode, stderr } = await demoWithoutPort(t, home)
  t.match(stderr, /removing what an earlier demo left[\s\S]*removed group timeapp[\s\S]*is used by another program/)
  t.equal(exitCode, 3)
  t.same(readdirSync(join(home, 'groups')), [])
})

t.test('a group that no demo made is refused and stays', async (t) => {
  const home = homeWithGroup(t, [])
  const { exitCode, stderr } = await demoWithoutPort(t, home)
  t.match(stderr, /there is a group timeapp already, and no demo made it/)
  t.equal(exitCode, 3)
  t.ok(existsSync(join(home, 'groups', 'timeapp', 'group.json')))
})

t.test(
  'the mark of a demo goes with its group, so a later group of the same name is not taken for a demo',
  async (t) => {
    const home = homeWithGroup(t, ['demo'])
    const env = { NODE_OPTIONS: '', BAKEROLL_HOME: home }
    const { exitCode } = await execa('sh', ['tasks/run.sh', 'destroy', '--yes'], {
      cwd: repository,
      env,
      reject: false,
    })
    t.equal(exitCode, 0)
    t.notOk(existsSync(join(home, 'groups', 'timeapp')))
  },
)

const rootWarning = 'bakeroll and its machines run as root'

t.test('root is warned of its machines only when some are to start', async (t) => {
  if (process.getuid?.() !== 0) return t.pass('not asked', { skip: 'only root is warned' })
  const env = { NODE_OPTIONS: '', BAKEROLL_HOME: homeWithGroup(t, []) }
  for (const words of [
    ['bake', '--dry-run'],
    ['deploy', '--dry-run'],
    ['heal', '--dry-run'],
    ['deploy', '--image', '9.9.9'],
  ]) {
    const { stderr } = await execa('sh', ['tasks/run.sh', ...words], {
      cwd: repository,
      env,
      stdin: 'ignore',
      reject: false,
    })
    t.notMatch(stderr, rootWarning, words.join(' '))
  }
})

t.test('doctor and demo say the same of how long it takes here', async (t) => {
  onPath(t, { mmdebstrap: 'exit 1' })
  const home = join(t.testdirName, 'home')
  const env = {
    NODE_OPTIONS: '',
    BAKEROLL_HOME: home,
    BAKEROLL_LOCAL_PACE: '4',
    BAKEROLL_LOCAL_ACCELERATOR: 'tcg',
    BAKEROLL_LOCAL_PORT: String(await anyFreePort()),
  }
  const run = (verb: string) =>
    execa('sh', ['tasks/run.sh', verb], { cwd: repository, env, stdin: 'ignore', reject: false })
  const minutes = ({ stdout = '', stderr = '' }) => /about (\d+ minutes)/.exec(stdout + stderr)?.[1]
  const doctor = await run('doctor')
  const demo = await run('demo')
  t.match(demo.stderr, /mmdebstrap failed/, 'it ended where it was to end')
  t.match(minutes(demo), /^1\d minutes$/)
  t.equal(minutes(doctor), minutes(demo), doctor.stdout)
  if (process.getuid?.() !== 0) return t.pass('not asked', { skip: 'only root is told that machines would be its own' })
  t.match(demo.stderr, rootWarning)
})
