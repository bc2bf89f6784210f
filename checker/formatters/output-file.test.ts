import { chmodSync, chownSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { outputProblem, writeAtomically } from './output-file.ts'

t.test('replaces the file in one step and leaves nothing beside it', (t) => {
  const folder = t.testdir({ report: 'old' })
  const path = join(folder, 'report')
  const before = lstatSync(path).ino
  t.equal(outputProblem(path), undefined)
  t.equal(readFileSync(path, 'utf8'), 'old', 'the trial leaves the content alone')
  writeAtomically(path, 'new')
  t.equal(readFileSync(path, 'utf8'), 'new')
  t.not(lstatSync(path).ino, before, 'another file was renamed to it')
  t.same(readdirSync(folder), ['report'])
  t.end()
})

t.test('everybody may read a new file, whatever the umask; one that was there keeps its mode and owner', (t) => {
  const folder = t.testdir({ kept: 'old', given: 'old', private: 'old' })
  const before = process.umask(0o077)
  t.teardown(() => process.umask(before))
  const modeOf = (name: string) => (statSync(join(folder, name)).mode & 0o7777).toString(8)
  chmodSync(join(folder, 'kept'), 0o664)
  chmodSync(join(folder, 'private'), 0o600)
  for (const name of ['new', 'kept', 'private']) writeAtomically(join(folder, name), 'new')
  t.same(['new', 'kept', 'private'].map(modeOf), ['644', '664', '600'])
  if (process.getuid?.() === 0) {
    chownSync(join(folder, 'given'), 65534, 65533)
    writeAtomically(join(folder, 'given'), 'new')
    const { uid, gid } = statSync(join(folder, 'given'))
    t.same([uid, gid], [65534, 65533])
  } else t.pass('the owner is kept by root', { skip: 'only root may give a file away' })
  t.end()
})

t.test('what a killed run with the same process id left is in nobody’s way', (t) => {
  const folder = t.testdir({ report: 'old' })
  writeFileSync(join(folder, `.report.${process.pid}.tmp`), 'half')
  t.equal(outputProblem(join(folder, 'report')), undefined)
  writeFileSync(join(folder, `.report.${process.pid}.tmp`), 'half')
  writeAtomically(join(folder, 'report'), 'new')
  t.same(readdirSync(folder), ['report'])
  t.end()
})

t.test('a link stays a link', (t) => {
  const folder = t.testdir({ real: { report: 'old' }, link: t.fixture('symlink', 'real/report') })
  writeAtomically(join(folder, 'link'), 'new')
  t.ok(lstatSync(join(folder, 'link')).isSymbolicLink())
  t.equal(readFileSync(join(folder, 'real/report'), 'utf8'), 'new')
  t.end()
})

t.test('says why a file cannot be written', (t) => {
  const folder = t.testdir({ file: '' })
  t.equal(outputProblem(folder), `${folder} is not a regular file`)
  t.equal(outputProblem('/dev/null'), '/dev/null is not a regular file')
  t.match(outputProblem(join(folder, 'none/report')), /^cannot write .*report: there is no folder .*none$/)
  t.match(outputProblem(join(folder, 'file/report')), /^cannot write .*report: .*file is no folder$/)
  t.same(readdirSync(folder), ['file'])
  t.end()
})
