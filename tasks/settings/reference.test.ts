import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { variableOf } from '../../checker/settings/setting.ts'
import { referencePage, renewed } from './reference.ts'
import { flagsOf, settings } from './settings.ts'
import { verbNames, verbs } from './verbs.ts'

const page = readFileSync(join(import.meta.dirname, '../..', referencePage), 'utf8')

t.test('the reference matches the table of settings', (t) => {
  t.equal(page, renewed(page), `${referencePage} is stale: npm run reference renews it`)
  t.end()
})

t.test('the reference has every flag and every setting', (t) => {
  for (const verb of verbNames.filter((name) => !verbs[name].development)) {
    for (const flag of flagsOf(verb).keys()) t.match(page, `\`--${flag}`, `--${flag} of ${verb}`)
  }
  for (const [key, { elsewhere }] of settings) {
    if (elsewhere !== 'nowhere') t.match(page, `\`${variableOf(key)}\``)
    if (elsewhere === undefined) t.match(page, `| \`${key}\``)
  }
  t.end()
})
