import { readFileSync } from 'node:fs'
import t from 'tap'
import { defaultOptions, optionKeys, optionOf } from './options.ts'

t.test('every default is what its text says, and help and messages have what they need', (t) => {
  const defaults = defaultOptions()
  for (const key of optionKeys) {
    const { flag, default: usual, parse, value, bare, help, expected } = optionOf(key)
    t.same(defaults[key], usual === undefined ? (value === undefined ? false : undefined) : parse(usual), flag)
    if (bare !== undefined) t.not(parse(bare), undefined, `--${flag} without a value`)
    t.ok(help.length > 0 && expected.length > 0, flag)
  }
  t.equal(new Set(optionKeys.map((key) => optionOf(key).flag)).size, optionKeys.length, 'each flag is there once')
  t.end()
})

t.test('the reference names every flag, setting and default', (t) => {
  const reference = readFileSync(new URL('../../docs/reference.md', import.meta.url), 'utf8')
  for (const key of optionKeys) {
    const { flag, isOfOneRun, default: usual } = optionOf(key)
    t.match(reference, new RegExp(`^- .*\`--${flag}[ \`]`, 'm'), flag)
    const row = new RegExp(`^\\| \`check\\.${key}\` \\|.*\`--${flag}\`.*$`, 'm').exec(reference)?.[0]
    t.equal(row === undefined, isOfOneRun === true, `${key}: in the table, unless it is for one run`)
    if (usual !== undefined) t.match(row, new RegExp(`\\| \`?${usual}\`? \\|$`), key)
  }
  t.end()
})
