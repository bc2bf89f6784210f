// needs: skopeo, docker-registry
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import t from 'tap'
import { makeClock, run, temporaryFolder } from './container-archive/archive-fixture.ts'
import { anyFreePort } from './ports.ts'
import { copyArguments, fetchError, fetchImage, manifestArguments, parseReference } from './registry-image.ts'

const digest = `sha256:${'a'.repeat(64)}`

t.test('parses a reference as Docker does', async (t) => {
  t.same(parseReference('debian'), { repository: 'debian', tag: undefined, digest: undefined })
  t.same(parseReference('ghcr.io/acme/shop:1.2'), { repository: 'ghcr.io/acme/shop', tag: '1.2', digest: undefined })
  t.same(parseReference(`localhost:5000/shop:1@${digest}`), { repository: 'localhost:5000/shop', tag: '1', digest })
  for (const text of [
    '',
    'Shop',
    'https://ghcr.io/shop',
    '--help',
    'shop:',
    'shop@sha256:12',
    'a b',
    'shop;id',
    'a//b',
  ]) {
    t.throws(() => parseReference(text), { kind: 'usage', message: `"${text}" is no reference to a container image` })
  }
})

t.test('the arguments of skopeo', async (t) => {
  const shop = parseReference(`ghcr.io/acme/shop:1@${digest}`)
  t.same(manifestArguments(shop), [
    'skopeo',
    '--command-timeout=1m',
    'inspect',
    '--raw',
    `docker://ghcr.io/acme/shop@${digest}`,
  ])
  t.same(copyArguments(parseReference('127.0.0.1:5000/shop'), 'arm64', '/home/x.tar'), [
    'skopeo',
    '--command-timeout=30m',
    '--override-os=linux',
    '--override-arch=arm64',
    'copy',
    '--src-tls-verify=false',
    'docker://127.0.0.1:5000/shop:latest',
    'docker-archive:/home/x.tar',
  ])
})

t.test('fetches an image from a real registry', async (t) => {
  const { folder, file, image } = await makeClock(t)
  const registry = await startRegistry(t)
  const push = (from: string, tag: string) =>
    run('skopeo', ['copy', '--dest-tls-verify=false', `docker-archive:${from}`, `docker://${registry}/shop:${tag}`])
  await push(file, '1')
  const home = join(folder, 'containers')
  const fetching = { architecture: 'amd64', folder: home }
  const first = await fetchImage(`${registry}/shop:1`, fetching)
  t.same(first.archive.image, image)
  t.equal(first.pinned, `${registry}/shop@${first.digest}`)
  const kept = `${first.digest.slice(7)}.amd64.tar`
  t.same(await readdir(home), [kept])

  // A tag moves, a digest does not.
  await push((await makeClock(t, { command: ['--local'] })).file, '1')
  const moved = await fetchImage(`${registry}/shop:1`, fetching)
  t.not(moved.digest, first.digest)
  t.same(moved.archive.image.command, ['--local'])
  t.equal((await fetchImage(first.pinned, fetching)).archive.image.id, image.id)

  await writeFile(join(home, kept), (await readFile(join(home, kept))).subarray(0, 4000))
  t.equal((await fetchImage(first.pinned, fetching)).archive.image.id, image.id, 'a damaged file is fetched again')

  await t.rejects(fetchImage(`${registry}/shop:2`, fetching), {
    kind: 'failed',
    message: new RegExp(`^${registry}/shop:2 cannot be fetched: ${registry} has no such image \\(`),
  })
  await t.rejects(fetchImage(`${registry}/shop:1`, { ...fetching, architecture: 'arm64' }), {
    message: /linux\/amd64\); linux\/arm64 is needed/,
  })
  t.same((await readdir(home)).length, 2)
})

t.test('needs no registry for a kept image', async (t) => {
  const { folder, file, image } = await makeClock(t)
  const kept = join(folder, `${'a'.repeat(64)}.amd64.tar`)
  await writeFile(kept, await readFile(file))
  const { archive } = await fetchImage(`127.0.0.1:1/shop@${digest}`, { architecture: 'amd64', folder })
  t.equal(archive.image.id, image.id)
})

t.test('reports a registry that does not answer, and one that refuses', async (t) => {
  const folder = await temporaryFolder(t)
  const fetching = { architecture: 'amd64', folder }
  const absent = `127.0.0.1:${await anyFreePort()}`
  for (const reference of [`${absent}/shop`, `${absent}/shop@${digest}`]) {
    await t.rejects(fetchImage(reference, fetching), {
      kind: 'failed',
      message: new RegExp(`cannot be fetched: ${absent} does not answer \\(.*connection refused`),
    })
  }
  const strict = createServer((request, response) => {
    response.setHeader('www-authenticate', 'Basic realm="shop"').writeHead(401)
    response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}')
    request.resume()
  }).listen(0, '127.0.0.1')
  await once(strict, 'listening')
  t.teardown(() => strict.close())
  const host = `127.0.0.1:${(strict.address() as AddressInfo).port}`
  await t.rejects(fetchImage(`${host}/shop`, fetching), {
    kind: 'failed',
    message: new RegExp(`cannot be fetched: ${host} refuses \\(`),
    hint: /^skopeo login 127/,
  })
  t.same(await readdir(folder), [])
})

t.test('a stop is an interruption', async (t) => {
  const folder = await temporaryFolder(t)
  const fetching = { architecture: 'amd64', folder, signal: AbortSignal.abort() }
  await t.rejects(fetchImage(`127.0.0.1:1/shop@${digest}`, fetching), {
    message: 'the fetch of the container image was stopped',
  })
})

t.test("shows skopeo's error without control characters", async (t) => {
  const said = 'time="x" level=fatal msg="Error parsing image name \\"docker://a\\": \u001b[2Jodd"'
  const { message } = fetchError(parseReference('a/b'), said)
  t.equal(message, 'a/b:latest cannot be fetched: skopeo failed (Error parsing image name "docker://a": \\u001b[2Jodd)')
})

/** Debian's registry, on a free port of 127.0.0.1. */
async function startRegistry(t: { teardown(handler: () => unknown): void }): Promise<string> {
  const folder = await temporaryFolder(t)
  const address = `127.0.0.1:${await anyFreePort()}`
  const config = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: address },
  }
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config))
  const registry = execa('docker-registry', ['serve', join(folder, 'config.yml')], { reject: false, all: true })
  t.teardown(async () => {
    registry.kill()
    await registry
  })
  let ended: string | undefined
  registry.then(({ all }) => {
    ended = all
  })
  while (!(await answers(`http://${address}/v2/`))) {
    if (ended !== undefined) throw new Error(ended)
    await sleep(100)
  }
  return address
}

async function answers(url: string): Promise<boolean> {
  return (await fetch(url).catch(() => undefined))?.ok === true
}
