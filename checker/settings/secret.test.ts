import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { problemOf } from '../fixtures/options.ts'
import { options } from '../options/options.ts'

const { notify, heartbeat } = options

/** The folder a text is read in, and the warnings about it. */
function placeIn(folder: string) {
  const warnings: string[] = []
  return { folder, warnings, warn: (line: string) => void warnings.push(line) }
}

t.test('reads the values from a file, one per line', async (t) => {
  const folder = t.testdir()
  const place = placeIn(folder)
  const cases: [string, object[]][] = [
    ['https://a.example', [{ url: 'https://a.example/' }]],
    ['https://a.example\n', [{ url: 'https://a.example/' }]],
    [
      '\uFEFF# ours\r\nhttps://a.example\r\n\r\nmail:a@b.example\r\n',
      [{ url: 'https://a.example/' }, { to: ['a@b.example'] }],
    ],
  ]
  for (const [text, channels] of cases) {
    writeFileSync(join(folder, 'notify'), text, { mode: 0o600 })
    const found = await notify.kind.parse('@notify', place)
    t.match(found, channels)
    t.match(found, { length: channels.length })
  }
  t.match(await notify.kind.parse('command:x\n@notify', place), [
    { command: 'x' },
    { kind: 'webhook' },
    { kind: 'mail' },
  ])
  writeFileSync(join(folder, 'beat'), 'https://b.example\r\n', { mode: 0o600 })
  t.same(await heartbeat.kind.parse(`@${folder}/beat`, place), new URL('https://b.example'))
  t.same(place.warnings, [])
})

t.test('reports an invalid secret file without its content', async (t) => {
  const folder = t.testdir({
    empty: '',
    blank: '\n',
    comment: '# nothing\n',
    two: 's3cret\ns3cret\n',
    wrong: 's3cret\nx',
  })
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'long'), 's3cret '.repeat(10_000))
  const cases: [typeof notify | typeof heartbeat, string, string][] = [
    [notify, '@none', `cannot read ${folder}/none: ENOENT: no such file or directory, stat '${folder}/none'`],
    [notify, '@empty', `${folder}/empty is empty`],
    [heartbeat, '@blank', `${folder}/blank is empty`],
    [notify, '@comment', `${folder}/comment is empty`],
    [heartbeat, '@two', `${folder}/two has 2 lines, expected one`],
    [heartbeat, '@folder', `${folder}/folder is not a regular file`],
    [heartbeat, '@/dev/zero', '/dev/zero is not a regular file'],
    [heartbeat, '@long', `${folder}/long is longer than 64 KiB`],
    [
      notify,
      '@none\n@empty',
      `cannot read ${folder}/none: ENOENT: no such file or directory, stat '${folder}/none'\n${folder}/empty is empty`,
    ],
  ]
  for (const [{ kind }, text, problem] of cases) t.equal(problemOf(await kind.parse(text, placeIn(folder))), problem)
  const lines = problemOf(await notify.kind.parse('@wrong', placeIn(folder)))
  t.match(lines, new RegExp(`^${folder}/wrong:1: expected a url .*\n${folder}/wrong:2: expected `))
  t.notMatch(lines, 's3cret')
})

t.test('warns of a file that others may read, but not of group access', async (t) => {
  const folder = t.testdir({ beat: 'https://b.example' })
  const modes: [number, string[]][] = [
    [0o644, [`others may read ${folder}/beat: chmod 600 ${folder}/beat`]],
    [0o640, []],
    [0o400, []],
  ]
  for (const [mode, warnings] of modes) {
    chmodSync(join(folder, 'beat'), mode)
    const place = placeIn(folder)
    t.equal(problemOf(await heartbeat.kind.parse('@beat', place)), undefined)
    t.same(place.warnings, warnings)
  }
})
