import t from 'tap'
import { flagsIn } from '../settings/setting.ts'
import { checkSettings } from './options.ts'

t.test('every default matches its text, and every setting has help and an expectation', async (t) => {
  const place = { folder: '/', warn: t.fail }
  for (const [key, { flag, default: usual, kind, help }] of checkSettings) {
    if (usual !== undefined) t.same(await kind.parse(kind.show(usual as object), place), usual, key)
    if (kind.bare !== undefined) t.not(kind.parse(kind.bare, place), undefined, `--${flag} without a value`)
    t.ok(help.length > 0 && kind.expected.length > 0, key)
  }
  t.equal(flagsIn(checkSettings).size, checkSettings.size, 'each flag exists once')
})
