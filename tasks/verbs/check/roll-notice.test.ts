import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { startService } from '../../../checker/fixtures/service.ts'
import { limitsAt } from '../../lib/pace.ts'
import type { Group, Image, Instance, LockOwner, RollRecord } from '../../lib/platform.ts'
import { homeAt } from '../../platforms/home.ts'
import { openLocalPlatform } from '../../platforms/local/local.ts'
import { noticeInWords, rightReleases, rollNotice } from './roll-notice.ts'

const startedAt = '2026-01-01T10:00:00.000Z'
const roll: RollRecord = { imageId: 'new', previousImageId: 'old', startedAt, force: false, rollingBack: false }
const image = (id: string, release: string): Image => ({ id, release, createdAt: startedAt, verified: true })
const images = [image('new', '1.1.0'), image('old', '1.0.0'), image('older', '0.9.0')]

t.test('a roll is under way while somebody carries it on', (t) => {
  const owner = (verb: string): LockOwner => ({ verb, owner: 'ann@desk', since: '2026-01-01T11:00:00.000Z' })
  const told = (change: Partial<RollRecord>, holder?: LockOwner) =>
    noticeInWords(rollNotice({ ...roll, ...change }, holder))
  const since = `since ${startedAt}`
  t.equal(told({}, owner('roll')), `a roll to new is under way (${since})`)
  t.equal(told({}), `an unfinished roll to new (${since}), npm run roll carries it on`)
  t.equal(told({}, owner('heal')), `an unfinished roll to new (${since}), npm run roll carries it on`)
  t.equal(told({ refresh: { after: 'r1' } }), `a roll to new is under way (${since})`, 'AWS carries it on')
  t.equal(told({ force: true }, owner('roll')), 'a roll to new is under way (since 2026-01-01T11:00:00.000Z)')
  t.same(rollNotice(roll, undefined), { image: 'new', from: 'old', startedAt, underWay: false })
  t.end()
})

t.test('both ends of a roll are right, and nothing else', (t) => {
  const group = (change: Partial<Group>): Group => ({
    name: 'g',
    imageId: 'new',
    size: 2,
    url: 'http://g',
    loadBalancer: 'running',
    instances: [],
    ...change,
  })
  const runs = (imageId: string, release: string) => ({ imageId, release }) as Instance
  const table: [change: Partial<Group>, known: Image[], right: string[]][] = [
    [{}, images, ['1.1.0']],
    [{ imageId: 'lost' }, images, []],
    [{ roll }, images, ['1.0.0', '1.1.0']],
    [{ imageId: 'old', roll: { ...roll, rollingBack: true } }, images, ['1.0.0', '1.1.0']],
    [{ roll: { ...roll, previousImageId: 'new', force: true } }, images, ['1.1.0']],
    [{ roll, instances: [runs('old', '1.0.0')] }, [image('new', '1.1.0')], ['1.0.0', '1.1.0']],
    [{ roll }, [image('new', '1.1.0')], ['1.1.0']],
    [{ roll, instances: [runs('old', '1.0.0')] }, [image('new', '1.0.0')], ['1.0.0']],
  ]
  for (const [change, known, right] of table) t.strictSame(rightReleases(group(change), known), right)
  t.end()
})

/** A home whose group is in the middle of a roll; its load balancer is a service of the test that says `version`. */
async function homeInRoll(t: Test, version: () => string): Promise<string> {
  const url = await startService(t, (request, response) => {
    if (request.url === '/now') response.end(new Date().toISOString())
    else response.end(`${version()}\n`)
  })
  const folder = t.testdir()
  for (const { id, ...record } of images) {
    mkdirSync(join(folder, 'images', id), { recursive: true })
    writeFileSync(join(folder, 'images', id, 'disk.qcow2'), '')
    const kept = { ...record, id, contentHash: id, base: 'none', digests: {} }
    writeFileSync(join(folder, 'images', id, 'image.json'), JSON.stringify(kept))
  }
  mkdirSync(join(folder, 'groups', 'timeapp'), { recursive: true })
  const group = { imageId: 'new', size: 2, port: Number(new URL(url).port), roll }
  writeFileSync(join(folder, 'groups', 'timeapp', 'group.json'), JSON.stringify(group))
  return folder
}

async function check(home: string, ...flags: string[]) {
  const { exitCode, stdout } = await execa('sh', ['tasks/run.sh', 'check', '--samples', '1', ...flags], {
    cwd: join(import.meta.dirname, '../../..'),
    env: { NODE_OPTIONS: '', BAKEROLL_HOME: home },
    stdin: 'ignore',
    reject: false,
  })
  return { exitCode, stdout }
}

t.test('check in the middle of a roll takes both releases, and says so in each format', async (t) => {
  let version = '1.0.0'
  const home = await homeInRoll(t, () => version)
  const lock = await openLocalPlatform({
    home: homeAt(home),
    group: 'timeapp',
    port: 1,
    machine: { accelerator: 'tcg', cpus: 1, memoryMib: 512, network: 'closed' },
    healthPath: '/healthz',
    answerTimeoutSeconds: 10,
    limits: () => limitsAt(1),
  }).lock('roll')
  const notice = `a roll to new is under way (since ${startedAt})`
  const facts = { roll: { image: 'new', from: 'old', startedAt, underWay: true } }
  for (const right of ['1.0.0', '1.1.0']) {
    version = right
    const { exitCode, stdout } = await check(home, '--json')
    t.equal(exitCode, 0)
    t.match(JSON.parse(stdout), {
      ok: true,
      ...facts,
      targets: [{ version: { found: right, expected: '1.0.0 or 1.1.0' } }],
    })
    t.ok(JSON.parse(stdout).summary.endsWith(`; ${notice}`), stdout)
  }
  t.ok((await check(home)).stdout.endsWith(`; ${notice}`))
  t.match((await check(home, '--format', 'json')).stdout, '"underWay":true')
  t.match((await check(home, '--format', 'nagios')).stdout, `${notice} | offset=`)

  version = '0.9.0'
  const wrong = await check(home, '--format', 'nagios')
  t.equal(wrong.exitCode, 2)
  t.match(wrong.stdout, /^CHECK CRITICAL - .*version 0\.9\.0, expected 1\.0\.0 or 1\.1\.0; a roll to new is under way /)
  version = '1.0.0'
  t.equal((await check(home, '--expect-version', '1.1.0')).exitCode, 2, 'who names a version means it')

  await lock.release()
  const paused = await check(home, '--json')
  t.match(JSON.parse(paused.stdout), { ok: true, roll: { underWay: false } })
  t.match(JSON.parse(paused.stdout).summary, `; an unfinished roll to new (since ${startedAt})`)
})
