import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readSecrets } from './secrets.ts'

t.test('a file holds the values, one on each line', (t) => {
  const folder = t.testdir()
  const cases: [string, string[]][] = [
    ['https://a.example', ['https://a.example']],
    ['https://a.example\n', ['https://a.example']],
    ['\uFEFF# ours\r\nhttps://a.example\r\n\r\nmail:a@b.example\r\n', ['https://a.example', 'mail:a@b.example']],
  ]
  for (const [text, notify] of cases) {
    writeFileSync(join(folder, 'notify'), text, { mode: 0o600 })
    t.same(readSecrets({ notify: ['@notify'] }, folder), { options: { notify }, problems: [], warnings: [] })
  }
  writeFileSync(join(folder, 'beat'), 'https://b.example\r\n', { mode: 0o600 })
  t.match(readSecrets({ heartbeat: `@${folder}/beat`, notify: ['command:x', '@notify'] }, folder).options, {
    heartbeat: 'https://b.example',
    notify: ['command:x', 'https://a.example', 'mail:a@b.example'],
  })
  t.end()
})

t.test('what no file of secrets is, is told without its content', (t) => {
  const folder = t.testdir({ empty: '', blank: '\n', comment: '# nothing\n', two: 's3cret\ns3cret\n' })
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'long'), 's3cret '.repeat(10_000))
  const cases: [object, string][] = [
    [
      { notify: ['@none'] },
      `--notify: cannot read ${folder}/none: ENOENT: no such file or directory, stat '${folder}/none'`,
    ],
    [{ notify: ['@empty'] }, `--notify: ${folder}/empty is empty`],
    [{ heartbeat: '@blank' }, `--heartbeat: ${folder}/blank is empty`],
    [{ notify: ['@comment'] }, `--notify: ${folder}/comment is empty`],
    [{ heartbeat: '@two' }, `--heartbeat: ${folder}/two has 2 lines, expected one`],
    [{ heartbeat: '@folder' }, `--heartbeat: ${folder}/folder is not a regular file`],
    [{ heartbeat: '@/dev/zero' }, '--heartbeat: /dev/zero is not a regular file'],
    [{ heartbeat: '@long' }, `--heartbeat: ${folder}/long is longer than 64 KiB`],
  ]
  for (const [options, problem] of cases) t.same(readSecrets(options, folder).problems, [problem])
  t.end()
})

t.test('a file that others may read is a warning; one of a group is not', (t) => {
  const folder = t.testdir({ beat: 'https://b.example' })
  const modes: [number, string[]][] = [
    [0o644, [`--heartbeat: others may read ${folder}/beat: chmod 600 ${folder}/beat`]],
    [0o640, []],
    [0o400, []],
  ]
  for (const [mode, warnings] of modes) {
    chmodSync(join(folder, 'beat'), mode)
    t.match(readSecrets({ heartbeat: '@beat' }, folder), { warnings, problems: [] })
  }
  t.end()
})
