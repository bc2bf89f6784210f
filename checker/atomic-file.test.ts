import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { tryToWrite, writeAtomically, writeDurably } from './atomic-file.ts'

t.test('replaces the file in one step and leaves no other file', (t) => {
  const folder = t.testdir({ report: 'old' })
  const path = join(folder, 'report')
  const before = lstatSync(path).ino
  tryToWrite(path)
  t.equal(readFileSync(path, 'utf8'), 'old', 'the trial leaves the content alone')
  writeAtomically(path, 'new')
  t.equal(readFileSync(path, 'utf8'), 'new')
  t.not(lstatSync(path).ino, before, 'another file was renamed to it')
  t.same(readdirSync(folder), ['report'])
  t.end()
})

t.test('a new file is world-readable whatever the umask, an existing one keeps its mode and owner', (t) => {
  const folder = t.testdir({ kept: 'old', given: 'old', private: 'old' })
  const before = process.umask(0o077)
  t.teardown(() => process.umask(before))
  const modeOf = (name: string) => (statSync(join(folder, name)).mode & 0o7777).toString(8)
  chmodSync(join(folder, 'kept'), 0o664)
  chmodSync(join(folder, 'private'), 0o600)
  for (const name of ['new', 'kept', 'private']) writeAtomically(join(folder, name), 'new', { mode: 'kept' })
  t.same(['new', 'kept', 'private'].map(modeOf), ['644', '664', '600'])
  if (process.getuid?.() === 0) {
    chownSync(join(folder, 'given'), 65534, 65533)
    writeAtomically(join(folder, 'given'), 'new', { mode: 'kept' })
    const { uid, gid } = statSync(join(folder, 'given'))
    t.same([uid, gid], [65534, 65533])
  } else t.pass('the owner is kept by root', { skip: 'only root may give a file away' })
  t.end()
})

t.test('overwrites the draft of a killed run with the same process id', (t) => {
  const folder = t.testdir({ report: 'old' })
  writeFileSync(join(folder, `.report.${process.pid}.tmp`), 'half')
  tryToWrite(join(folder, 'report'))
  writeFileSync(join(folder, `.report.${process.pid}.tmp`), 'half')
  writeAtomically(join(folder, 'report'), 'new')
  t.same(readdirSync(folder), ['report'])
  t.end()
})

t.test('keeps a symlink and replaces its target', (t) => {
  const folder = t.testdir({ real: { report: 'old' }, link: t.fixture('symlink', 'real/report') })
  writeAtomically(join(folder, 'link'), 'new')
  t.ok(lstatSync(join(folder, 'link')).isSymbolicLink())
  t.equal(readFileSync(join(folder, 'real/report'), 'utf8'), 'new')
  t.end()
})

t.test('makes the file private by default, even one that was not', async (t) => {
  const folder = t.testdir({ one: 'old', two: 'old' })
  for (const name of ['one', 'two']) chmodSync(join(folder, name), 0o644)
  writeAtomically(join(folder, 'one'), 'new')
  await writeDurably(join(folder, 'two'), 'new')
  for (const name of ['one', 'two']) t.equal(statSync(join(folder, name)).mode & 0o7777, 0o600, name)
})

t.test("does not follow a symlink planted at the draft's path", (t) => {
  const folder = t.testdir({ report: 'old', theirs: 'theirs' })
  symlinkSync(join(folder, 'theirs'), join(folder, `.report.${process.pid}.tmp`))
  writeAtomically(join(folder, 'report'), 'new')
  t.equal(readFileSync(join(folder, 'theirs'), 'utf8'), 'theirs')
  t.end()
})

t.test('keeps the old content and leaves no draft when the disk is full', (t) => {
  const folder = t.testdir({})
  const code = `
    const { readdirSync, readFileSync, writeFileSync } = await import('node:fs')
    const { writeAtomically, writeDurably } = await import(${JSON.stringify(new URL('atomic-file.ts', import.meta.url).href)})
    writeFileSync('state', 'x'.repeat(40_000))
    writeFileSync('filler', '-'.repeat(8_000))
    const failed = (error) => error.code
    const one = await Promise.resolve('y'.repeat(40_000)).then((text) => writeAtomically('state', text)).catch(failed)
    const two = await writeDurably('state', 'y'.repeat(40_000)).catch(failed)
    const whole = readFileSync('state', 'utf8') === 'x'.repeat(40_000)
    console.log(one, two, whole, readdirSync('.').join())`
  // As large as the old content, the filler and a part of the new one.
  const script = 'mount -t tmpfs -o size=72k none "$1" && cd "$1" && exec "$2" --input-type=module -e "$3"'
  const unshare = process.getuid?.() === 0 ? '-m' : '-rm'
  const argv = [unshare, 'sh', '-c', script, 'sh', folder, process.execPath, code]
  const problem = noMounts()
  if (problem === undefined) {
    const said = execFileSync('unshare', argv, { encoding: 'utf8', env: { ...process.env, NODE_NO_WARNINGS: '1' } })
    t.equal(said, 'ENOSPC ENOSPC true filler,state\n')
  } else t.pass('a full disk', { skip: problem })
  t.end()
})

function noMounts(): string | undefined {
  try {
    execFileSync('unshare', [process.getuid?.() === 0 ? '-m' : '-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt'])
    return undefined
  } catch (error) {
    return `nothing can be mounted here: ${(error as Error).message.trim().split('\n').at(-1)}`
  }
}
