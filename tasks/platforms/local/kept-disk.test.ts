import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { DebianDisk } from '../../tools/debian-disk.ts'
import { homeAt } from '../home.ts'
import { disksFolder, hashOfSystem, keptDisk, keptDisks, removeKeptDisks } from './kept-disk.ts'

let made = 0
async function make({ disk, kernel, initrd }: DebianDisk): Promise<void> {
  made += 1
  for (const file of [disk, kernel, initrd]) writeFileSync(file, `made ${made}`)
}
const fails = async ({ disk }: DebianDisk) => {
  writeFileSync(disk, 'half')
  throw new Error('no space')
}
const said = ({ disk }: DebianDisk) => readFileSync(disk, 'utf8')

t.beforeEach(() => {
  made = 0
})

t.test('a finished disk is taken again, until it is wanted anew or made from something else', async (t) => {
  const home = homeAt(t.testdir())
  const wanted = { hash: 'abc', anew: false }
  t.equal(said(await keptDisk(home, wanted, make)), 'made 1')
  t.equal(said(await keptDisk(home, wanted, fails)), 'made 1')
  t.equal(said(await keptDisk(home, { ...wanted, anew: true }, make)), 'made 2')
  t.equal(said(await keptDisk(home, { ...wanted, hash: 'def' }, make)), 'made 3')
  t.same(keptDisks(home), ['def'], 'one at a time')
  t.same(await removeKeptDisks(home), ['def'])
  t.notOk(existsSync(disksFolder(home)))
  t.same(await removeKeptDisks(home), [])
})

t.test('a half-made disk is never taken', async (t) => {
  const home = homeAt(t.testdir())
  const wanted = { hash: 'abc', anew: false }
  await t.rejects(keptDisk(home, wanted, fails), { message: 'no space' })
  t.same(keptDisks(home), [])
  // As a kill leaves it.
  mkdirSync(join(disksFolder(home), '.abc.draft'), { recursive: true })
  writeFileSync(join(disksFolder(home), '.abc.draft', 'disk.qcow2'), 'half')
  t.equal(said(await keptDisk(home, wanted, make)), 'made 1')
  t.same(readdirSync(disksFolder(home)), ['abc'])
})

t.test('its hash is that of what it is made from, wherever that lies', async (t) => {
  const folder = t.testdir({
    one: { file: 'x', end: 'sh' },
    two: { file: 'x', end: 'sh' },
    other: { file: 'y', end: 'sh' },
  })
  const system = (name: string, suite = 'bookworm') => ({
    suite,
    diskGib: 4,
    packages: ['sudo'],
    files: { '/etc/file': join(folder, name, 'file') },
    finishScript: join(folder, name, 'end'),
  })
  const hash = await hashOfSystem(system('one'))
  t.match(hash, /^[0-9a-f]{12}$/)
  t.equal(await hashOfSystem(system('two')), hash)
  t.not(await hashOfSystem(system('other')), hash)
  t.not(await hashOfSystem(system('one', 'trixie')), hash)
})
