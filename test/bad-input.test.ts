// needs: local
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'

const repository = join(import.meta.dirname, '..')

/** Runs a verb as `npm run` does, in a home of its own; gives what a script would see. */
async function run(env: Record<string, string>, verb: string, ...flags: string[]) {
  const { exitCode, stdout, stderr } = await execa('sh', ['tasks/run.sh', verb, ...flags], {
    cwd: repository,
    env: { NODE_OPTIONS: '', ...env },
    stdin: 'ignore',
    reject: false,
  })
  return { exitCode, stdout, stderr }
}

/** A home with one image that was never tested and one that was, as far as their records say. */
function homeWithImages(folder: string): string {
  for (const [id, verified] of [
    ['1.0.0-untested', false],
    ['2.0.0-tested', true],
  ] as const) {
    const image = join(folder, 'images', id)
    mkdirSync(image, { recursive: true })
    writeFileSync(join(image, 'disk.qcow2'), '')
    const record = {
      id,
      release: id.slice(0, 5),
      createdAt: '2026-01-01T00:00:00.000Z',
      verified,
      contentHash: id,
      base: 'none',
    }
    writeFileSync(join(image, 'image.json'), JSON.stringify({ ...record, digests: {} }))
  }
  return folder
}

t.test('what cannot be done is refused before anything is touched', async (t) => {
  const home = homeWithImages(t.testdir())
  const before = readdirSync(home, { recursive: true })
  const table: readonly [flags: string[], exitCode: number, message: RegExp][] = [
    [['bake', '--release', 'a b'], 2, /--release: expected a version like 1\.4\.0, .*, got "a b"/],
    [['deploy', '--image', '9.9.9'], 2, /no image or release "9\.9\.9"\nhint: .*2\.0\.0-tested/],
    [['deploy', '--image', '1.0.0'], 2, /image 1\.0\.0-untested is not verified/],
    [['deploy', '--size', '0'], 2, /--size: expected a whole number from 1 to 1000, got "0"/],
    [['deploy', '--size', '1.5'], 2, /--size: expected a whole number from 1 to 1000, got "1\.5"/],
    [['deploy', '--size', 'two', '--group', 'My Group'], 2, /--group: [\s\S]*--size: /],
    [['roll'], 2, /there is no group/],
    [['rollback'], 2, /there is no group/],
    [['heal'], 2, /there is no group/],
    [['scale', '3'], 2, /there is no group/],
    [['scale', '1.5'], 2, /expected a whole number from 1 to 1000, got "1\.5"/],
    [['logs'], 2, /there is no group/],
    [['ssh'], 2, /there is no group/],
    [['check'], 3, /there is no group/],
    [['check', 'localhost:8080'], 3, /no scheme; did you mean http:\/\/localhost:8080\?/],
    [['check', '--max-offset', '1', 'http://127.0.0.1:1'], 3, /--max-offset: /],
    [['check', '--time-format', 'sundial', 'http://127.0.0.1:1'], 3, /--time-format: /],
    [['roll', '--engine', 'refresh'], 2, /--engine: refresh works on aws only, the platform is local/],
    [['status', '--platform', 'moon'], 2, /--platform: expected local or aws, got "moon"/],
    [['status', '--jsn'], 2, /did you mean --json/],
    [['stauts'], 2, /did you mean[\s\S]*status/],
    [['roll', '--keep', '3'], 2, /--keep/],
  ]
  for (const [flags, exitCode, message] of table) {
    const result = await run({ BAKEROLL_HOME: home }, flags[0] ?? '', ...flags.slice(1))
    t.match(result, { exitCode, stderr: message, stdout: '' }, flags.join(' '))
    t.notMatch(result.stderr, /^\s+at /m, `${flags.join(' ')}: no stack`)
  }
  // Taking a lock and giving it back leaves the folder of the locks.
  const after = readdirSync(home, { recursive: true }).filter((name) => !String(name).startsWith('locks'))
  t.same(after, before)
})

t.test('with --json a refusal is one JSON document', async (t) => {
  const { exitCode, stdout } = await run({ BAKEROLL_HOME: t.testdir() }, 'roll', '--json')
  t.equal(exitCode, 2)
  t.match(JSON.parse(stdout), {
    ok: false,
    error: { message: /there is no group/, hint: 'npm run deploy', kind: 'usage' },
  })
})

t.test('a port that another program has is said before anything is made', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const home = homeWithImages(t.testdir())
  const result = await run({ BAKEROLL_HOME: home, BAKEROLL_LOCAL_PORT: String(port) }, 'deploy')
  t.match(result, { exitCode: 3, stderr: new RegExp(`127\\.0\\.0\\.1:${port} is used by another program\\nhint: `) })
  t.same(readdirSync(home).sort(), ['images', 'locks'])
})

t.test('the demo says the same, minutes before it would need the port', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const home = t.testdir()
  const result = await run({ BAKEROLL_HOME: home, BAKEROLL_LOCAL_PORT: String(port) }, 'demo')
  t.match(result, { exitCode: 3, stderr: new RegExp(`127\\.0\\.0\\.1:${port} is used by another program`) })
  t.same(readdirSync(home), [])
})

t.test('more memory than there is, is said before anything is made', async (t) => {
  const home = homeWithImages(t.testdir())
  const result = await run(
    { BAKEROLL_HOME: home, BAKEROLL_LOCAL_MEMORY_MIB: '65000', BAKEROLL_LOCAL_PORT: '18099' },
    'deploy',
    '--size',
    '20',
  )
  t.match(result, { exitCode: 3, stderr: /not enough memory for 20 more instances: 1300000 MiB needed, \d+ MiB free/ })
  t.notOk(readdirSync(home).includes('groups'))
})

t.test('a home that cannot be written is named', async (t) => {
  const folder = t.testdir({ file: '' })
  const result = await run({ BAKEROLL_HOME: join(folder, 'file', 'home') }, 'status')
  t.match(result, { exitCode: 2, stderr: /no permission to write .*file[\s\S]*BAKEROLL_HOME/ })
})

t.test('a damaged state file is answered from its predecessor, or named', async (t) => {
  const home = homeWithImages(t.testdir())
  const group = join(home, 'groups', 'timeapp')
  mkdirSync(group, { recursive: true })
  writeFileSync(join(group, 'group.json'), '{"imageId": "2.0')
  const named = await run({ BAKEROLL_HOME: home }, 'status')
  t.match(named, { exitCode: 5, stderr: /group\.json is damaged, and so is its backup/ })
  writeFileSync(join(group, 'group.json.previous'), JSON.stringify({ imageId: '2.0.0-tested', size: 2, port: 18099 }))
  const answered = await run({ BAKEROLL_HOME: home }, 'status', '--json')
  t.match(JSON.parse(answered.stdout), {
    ok: true,
    group: { imageId: '2.0.0-tested', size: 2, loadBalancer: 'stopped' },
    instances: [],
  })
})
