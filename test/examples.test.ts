// needs: mmdebstrap, python3, ensurepip
/** The services of examples/, made as their pages say and run from what is in their archives. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, linkSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { checkTargets } from '../checker/check.ts'
import { type CheckSettings, defaultSettings } from '../checker/options/settings.ts'
import { readContainerArchive } from '../tasks/tools/container-archive/read.ts'
import { findProgram } from '../tasks/tools/system-packages.ts'

const examples = join(import.meta.dirname, '../examples')
const writer = join(examples, 'archive.py')
const isRoot = process.getuid?.() === 0

t.test('archive.py: the same layers are the same bytes, whoever made the files and when', async (t) => {
  const folder = t.testdir({ low: { bin: { clock: 'clock', other: 'x' } }, high: { app: { é: '1', 'a b': '2' } } })
  const inside = (path: string) => join(folder, path)
  chmodSync(inside('low/bin/clock'), 0o755)
  symlinkSync('clock', inside('low/bin/now'))
  linkSync(inside('low/bin/other'), inside('low/bin/same'))
  const write = async (file: string, layers: string[]) => {
    const words = layers.flatMap((layer) => ['--layer', inside(layer)])
    const facts = ['--user', '65532', '--port', '8000', '--env', 'A=b c', '--architecture', 'arm64']
    await execa(writer, [inside(file), ...words, ...facts, '--', '/bin/clock', '--utc'])
    return readFileSync(inside(file))
  }
  const first = await write('first.tar', ['low', 'high'])
  const { image, tags } = await readContainerArchive(inside('first.tar'))
  t.match(image, {
    architecture: 'arm64',
    user: '65532',
    ports: [{ port: 8000, protocol: 'tcp' }],
    entryPoint: ['/bin/clock', '--utc'],
    envNames: ['A'],
  })
  t.same([image.layers.length, tags], [2, []])

  utimesSync(inside('low/bin/clock'), 1, 1)
  t.ok(first.equals(await write('again.tar', ['low', 'high'])), 'at another time')
  await execa('tar', ['--create', '--sort=name', '--file', inside('low.tar'), '--directory', inside('low'), '.'])
  const words = (await readContainerArchive(inside('first.tar'))).image.layers[1]
  await write('of-tar.tar', ['low.tar', 'high'])
  t.same((await readContainerArchive(inside('of-tar.tar'))).image.layers[1], words, 'a tar is a layer, too')

  writeFileSync(inside('high/app/a b'), '3')
  await write('changed.tar', ['low', 'high'])
  const changed = (await readContainerArchive(inside('changed.tar'))).image
  t.same(changed.layers[0], image.layers[0], 'a change on top leaves what is below')
  t.not(changed.id, image.id)
})

t.test('httpbin: Flask with gunicorn', async (t) => {
  const { root, image } = await build(t, 'httpbin', 'shop.tar')
  t.equal(image.layers.length, 3)
  t.ok((image.layers[2]?.bytes ?? Number.NaN) < 100_000, 'what is ours is a small layer')
  const service = await start(t, root, image, { GREETING: 'good day', PYTHONPATH: '/opt/packages', API_KEY: 'secret' })
  const get = async (path: string, init?: RequestInit) => (await fetch(`${service.url}${path}`, init)).text()
  t.equal(await get('/greeting'), 'good day\n')
  t.match(await get('/key'), /^2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n$/)
  t.match(await get('/'), /<html/i)
  const body = 'x'.repeat(5_000_000)
  t.equal(JSON.parse(await get('/post', { method: 'POST', body })).data, body, 'it takes uploads')
  await clockIs(t, `${service.url}`, { timePath: '/status/200', timeFormat: 'http-date' })
  t.notMatch(service.output(), /ERROR|Read-only/)
  t.equal(await service.stop(), 0)
})

t.test('unix-clock: Go', { skip: lacks('go') }, async (t) => {
  const { root, image } = await build(t, 'unix-clock', 'unix-clock.tar')
  t.equal(image.layers.length, 1)
  const service = await start(t, root, image, {})
  t.equal(await (await fetch(`${service.url}/healthz`)).text(), 'ok\n')
  t.match(await (await fetch(`${service.url}/time`)).text(), /^\d{10}\n$/)
  t.equal((await fetch(`${service.url}/nowhere`)).status, 404)
  await clockIs(t, service.url, { timePath: '/time', timeFormat: 'unix' })
  t.equal(await service.stop(), 0)
})

t.test('wall-clock: Perl', async (t) => {
  const { root, image } = await build(t, 'wall-clock', 'wall-clock.tar')
  t.equal(image.layers.length, 2)
  const service = await start(t, root, image, { TZ: 'Asia/Tokyo' })
  t.equal(await (await fetch(`${service.url}/health`)).text(), 'ok\n')
  t.match(await (await fetch(`${service.url}/wall`)).text(), /^\d\d:\d\d:\d\d\n$/)
  t.equal((await fetch(`${service.url}/nowhere`)).status, 404)
  await clockIs(t, service.url, { timePath: '/wall', timeFormat: 'time-of-day' })
  t.equal(await service.stop(), 0)
})

type NamedFormat = 'http-date' | 'unix' | 'time-of-day'
type Image = Awaited<ReturnType<typeof readContainerArchive>>['image']

function lacks(program: string): string | false {
  return findProgram(program) === undefined ? `${program} is not installed` : false
}

/** Makes an example as a repository of its own, reads its archive, and lays its layers over each other. */
async function build(t: Test, name: string, archive: string): Promise<{ root: string; image: Image }> {
  const folder = join(t.testdir({ 'my service': {}, root: {} }), 'my service')
  const isSource = (path: string) => !/\/(build|__pycache__)$|\.tar$/.test(path)
  cpSync(join(examples, name), folder, { recursive: true, filter: isSource })
  cpSync(writer, join(folder, 'archive.py'))
  await execa(join(folder, 'build.sh'))
  const { image, members } = await readContainerArchive(join(folder, archive))
  t.match(image, { os: 'linux', user: '65532', ports: [{ port: 8000 }] }, 'root is not its user')
  const root = join(folder, '../root')
  for (const member of members) {
    await execa('sh', ['-c', 'tar -xOf "$1" "$2" | tar -xC "$3"', 'sh', join(folder, archive), member.name, root])
  }
  return { root, image }
}

/** As `docker run --read-only --tmpfs /tmp` would; a user who is not root keeps the number of root in a namespace. */
const likeContainer = `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 9
[ ! -d "$1/tmp" ] || mount -t tmpfs tmpfs "$1/tmp" || exit 9
shift
exec "$@"`

/** Starts the program of an image on 127.0.0.1, and waits until it answers. */
async function start(t: Test, root: string, image: Image, env: Record<string, string>) {
  const port = await freePort()
  const set = Object.entries({ HOST: '127.0.0.1', PORT: `${port}`, ...env }).map(([name, value]) => `${name}=${value}`)
  const user = isRoot ? ['--userspec=65532:65532', '--groups='] : []
  const inside = ['env', '-i', ...set, '/usr/sbin/chroot', ...user, root, ...image.entryPoint, ...image.command]
  const namespaces = ['--mount', '--propagation=private', ...(isRoot ? [] : ['--map-root-user'])]
  const child = spawn('unshare', [...namespaces, 'sh', '-c', likeContainer, 'sh', root, ...inside])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output}`)
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      break
    await sleep(100)
  }
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    return child.exitCode
  }
  return { url, stop, output: () => output }
}

/** The version is not the service's to tell: nginx serves it. */
async function clockIs(t: Test, url: string, asked: { timePath: string; timeFormat: NamedFormat }): Promise<void> {
  const settings: CheckSettings = { ...defaultSettings, ...asked, samples: 5, maxOffsetMs: 60_000, timeoutMs: 60_000 }
  const { targets } = await checkTargets([{ url }], settings)
  t.match(targets[0]?.clock, { format: asked.timeFormat, samples: 5 }, `${targets[0]?.reasons}`)
  t.ok(Math.abs(targets[0]?.clock?.offsetMs ?? Number.NaN) < 60_000)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
