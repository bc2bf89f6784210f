import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { outputProblem } from './output-file.ts'

t.test('says why a file cannot be written', (t) => {
  const folder = t.testdir({ file: '' })
  t.equal(outputProblem(folder), `${folder} is not a regular file`)
  t.equal(outputProblem('/dev/null'), '/dev/null is not a regular file')
  t.match(outputProblem(join(folder, 'none/report')), /^cannot write .*report: there is no folder .*none$/)
  t.match(outputProblem(join(folder, 'file/report')), /^cannot write .*report: .*file is not a folder$/)
  t.same(readdirSync(folder), ['file'])
  t.end()
})
