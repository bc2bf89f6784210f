import { lstatSync, readdirSync, readFileSync } from 'node:fs'
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
