import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { fitted, wrapped } from '../../checker/formatters/wrapping.ts'
import { helpText } from '../../checker/options/help.ts'
import type { Group } from '../lib/platform.ts'
import { overview, settingsHelp, verbHelp } from '../settings/help.ts'
import { verbNames } from '../settings/verbs.ts'
import { simulateRoll } from '../simulator/simulation.ts'
import { simulationLines } from '../simulator/simulation-lines.ts'
import { statusLines } from '../verbs/status/lines.ts'
import { bareEnv } from './fixtures/bare-env.ts'
import { listing } from './listing.ts'

const everyWidth = [30, 40, 80, 200]
const main = join(import.meta.dirname, 'main.ts')

const tooLong = (text: string, columns: number) => text.split('\n').filter((line) => [...line].length > columns)
/** Without the line breaks of a narrow terminal. */
const letters = (text: string) => text.replace(/\s+/g, '')

t.test('a wrapped line loses only blanks, and no part is too long', (t) => {
  const words = fc.string({ unit: fc.constantFrom('a', 'b', ' ', ' ', '|', '/', 'ä', '\u{1f680}'), maxLength: 120 })
  const property = fc.property(
    words,
    fc.integer({ min: 12, max: 90 }),
    fc.integer({ min: 0, max: 8 }),
    (line, columns, hanging) => {
      const lines = wrapped(line, columns, hanging)
      return letters(lines.join('')) === letters(line) && lines.every((one) => [...one].length <= columns)
    },
  )
  t.doesNotThrow(() => fc.assert(property, { numRuns: 2000 }))
  t.same(wrapped('  --flag a|b|c', 12), ['  --flag', '  a|b|c'])
  t.same(wrapped('http://127.0.0.1/a/long/path', 16, 2), ['http://', '  127.0.0.1/a/', '  long/path'])
  t.end()
})

const instance = (id: string, release: string) => ({
  id,
  release,
  imageId: `timeapp-${release}-0123456789abcdef`,
  state: 'running',
  health: 'unhealthy',
  url: 'http://127.177.103.201:20080',
  startedAt: new Date(Date.now() - 7_200_000).toISOString(),
})
const group = {
  name: 'timeapp',
  url: 'http://127.0.0.1:8080',
  imageId: 'timeapp-1.1.0-0123456789abcdef',
  size: 2,
  loadBalancer: 'up',
  instances: [instance('i-0123456789ab', '1.0.0'), instance('i-ba9876543210', '1.1.0')],
  roll: { imageId: 'timeapp-1.1.0-0123456789abcdef' },
  notes: ['a note of the platform that is longer than a line of a small terminal is'],
} as unknown as Group

t.test('status: cuts nothing and shows every fact of an instance at every width', (t) => {
  for (const columns of everyWidth) {
    const text = statusLines(group, {}, columns).join('\n')
    t.same(tooLong(text, columns), [], String(columns))
    for (const fact of [
      'i-0123456789ab',
      'i-ba9876543210',
      '1.0.0(outdated)',
      'running',
      'unhealthy',
      '127.177.103.201:20080',
      '2h',
    ])
      t.match(letters(text), fact, `${columns}: ${fact}`)
    t.match(letters(text), 'npmrunrollcarriesiton')
  }
  const at80 = statusLines(group, {}, 80).join('\n')
  t.match(at80, /^INSTANCE +RELEASE +STATE +HEALTH +ADDRESS +AGE$/m, 'a table, without the image')
  t.match(statusLines(group, {}, 200).join('\n'), /^INSTANCE +RELEASE +IMAGE +STATE/m)
  t.end()
})

t.test('a listing wraps its last column, and becomes paragraphs when that is too narrow', (t) => {
  const heads = ['STATUS', 'WHAT', 'FOUND']
  const rows = [
    ['fail', 'qemu-img', 'missing: it makes the disks of the machines'],
    ['ok', 'haproxy', '/usr/sbin/haproxy'],
  ]
  const below = ['sudo apt-get install --no-install-recommends qemu-utils', undefined]
  t.equal(
    listing({ heads, rows, below }, 50),
    [
      'STATUS  WHAT      FOUND',
      'fail    qemu-img  missing: it makes the disks of',
      '                  the machines',
      '        sudo apt-get install',
      '          --no-install-recommends qemu-utils',
      'ok      haproxy   /usr/sbin/haproxy',
    ].join('\n'),
  )
  t.equal(
    listing({ heads, rows, below }, 30),
    [
      'STATUS  fail',
      'WHAT    qemu-img',
      'FOUND   missing: it makes the',
      '  disks of the machines',
      '  sudo apt-get install',
      '    --no-install-recommends',
      '    qemu-utils',
      '',
      'STATUS  ok',
      'WHAT    haproxy',
      'FOUND   /usr/sbin/haproxy',
    ].join('\n'),
  )
  const images = {
    heads: ['IMAGE', 'RELEASE', 'CREATED (UTC)', 'VERIFIED', 'USED BY'],
    rows: [
      [
        'timeapp-1.1.0-0123456789abcdef',
        '1.1.0',
        '2026-01-01 10:00',
        'yes',
        'timeapp: wanted, runs, rolled back to; another-group: runs',
      ],
    ],
  }
  for (const columns of everyWidth) {
    const text = listing(images, columns)
    t.same(tooLong(text, columns), [])
    t.match(letters(text), 'timeapp:wanted,runs,rolledbackto;another-group:runs')
  }
  t.end()
})

t.test('help: no line is wider than the terminal or than 100 columns', (t) => {
  const pages = [
    (columns: number) => overview('1.2.3', { columns }),
    (columns: number) => settingsHelp({ columns, program: './bakeroll' }),
    ...verbNames.map((verb) => (columns: number) => verbHelp(verb, { columns })),
  ]
  for (const [index, write] of pages.entries()) {
    for (const columns of everyWidth)
      t.same(tooLong(write(columns), Math.min(columns, 100)), [], `${index} at ${columns}`)
    t.equal(letters(write(30)), letters(write(200)), 'nothing is lost')
  }
  t.end()
})

t.test("the checker's own help fits, too", (t) => {
  for (const columns of everyWidth) t.same(tooLong(helpText(columns), Math.min(columns, 100)), [], String(columns))
  t.equal(letters(helpText(30)), letters(helpText(200)))
  t.end()
})

t.test('simulate: the chart is as wide as the terminal', async (t) => {
  const simulation = await simulateRoll({ instances: 20, policy: '', faults: 'never-boots@10', seed: 1 })
  for (const columns of everyWidth) {
    const lines = fitted(simulationLines(simulation, columns), columns)
    t.same(tooLong(lines.join('\n'), columns), [], String(columns))
    t.match(lines, [/^rolled/])
    t.equal(Math.max(...lines.filter((line) => line.includes('┤')).map((line) => line.length)), columns)
    t.match(letters(lines.join('')), 'servingateverymoment')
  }
})

/** The output of a verb in a pseudo-terminal of this width. */
async function inTerminal(columns: number, words: string): Promise<string> {
  const command = `stty cols ${columns} rows 24; ${process.execPath} ${main} ${words}`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    // The measured pace of the computer differs each time.
    env: { ...bareEnv, TERM: 'xterm', BAKEROLL_LOCAL_PACE: '2' },
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  await once(child, 'close')
  return stripVTControlCharacters(output).replaceAll('\r', '')
}

t.test('doctor on a real terminal loses nothing; an unknown width counts as 80', async (t) => {
  const wide = letters(await inTerminal(200, 'doctor'))
  for (const columns of [0, 30, 80]) {
    const text = await inTerminal(columns, 'doctor')
    t.same(tooLong(text, columns || 80), [], String(columns))
    t.match(letters(text), '127.0.0.1:8080')
    if (columns !== 30) t.equal(letters(text), wide)
  }
  t.same(tooLong(await inTerminal(0, 'roll --help'), 80), [])
})
