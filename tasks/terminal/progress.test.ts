import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import t from 'tap'
import { bareEnv } from './fixtures/bare-env.ts'
import { recordingProgress, screenProgress } from './progress.ts'
import { screenOf } from './screen.ts'

const play = join(import.meta.dirname, 'fixtures/play.ts')

/** A control sequence: ESC, `[`, and what follows. */
const control = (code: string) => new RegExp(`\u001b\\[${code}`, 'g')
const cursorCodes = (output: string) => output.match(control('\\?25[lh]')) ?? []

/** Runs a play in a pseudo-terminal of 80 columns; `type` is typed as soon as `at` is seen. */
async function runInTerminal(words: string, env: NodeJS.ProcessEnv = {}, typed?: { at: string; type: string }) {
  const command = `stty cols 80 rows 24; ${process.execPath} ${play} ${words}`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...bareEnv, TERM: 'xterm', ...env },
  })
  let output = ''
  let hasTyped = false
  child.stdout.on('data', (chunk) => {
    output += chunk
    if (hasTyped || typed === undefined || !output.includes(typed.at)) return
    hasTyped = true
    child.stdin.write(typed.type)
  })
  const [exitCode] = await once(child, 'close')
  return { output, exitCode, screen: screenAfter(output) }
}

/** The final screen; understands only the codes that the board may use. */
function screenAfter(output: string): string[] {
  const rows: string[] = ['']
  let row = 0
  const plain = output.replaceAll(control('(?:\\?25[lh]|\\d+m)'), '')
  const parts = new RegExp(`${control('(\\d+)A').source}|(${control('J').source})|([^\u001b\\r\\n]+)|(\\r|\\n)`, 'g')
  for (const [, up, erase, line, other] of plain.matchAll(parts)) {
    if (up) row -= Number(up)
    else if (erase) rows.splice(row, rows.length, '')
    else if (line) rows[row] = line
    else if (other === '\n') rows[++row] ??= ''
  }
  return rows.map((line) => line.replace(/\d+\.\d s/, 'N s')).filter((line) => line !== '')
}

t.test('on a terminal, redraws steps in place and leaves only the lasting lines', async (t) => {
  const { output, screen, exitCode } = await runInTerminal('steps bake')
  t.equal(exitCode, 0)
  t.same(screen, ['before', '  ✓ verify (N s)', '  ! slow', '✓ bake 1.0.0 (N s)', '✗ deploy (N s)', 'the end'])
  t.match(output, /⠋|⠙|⠹/, 'a spinner was seen')
  t.match(output, /i-1 pending/)
  t.match(output, control('32m✓'), 'in colour')
  const drawn = stripVTControlCharacters(output).split(/\r?\n/)
  t.same(
    drawn.filter((line) => [...line].length > 79),
    [],
    'long lines are cut',
  )
  t.equal(cursorCodes(output).at(-1), '\x1b[?25h', 'the cursor is back')
})

t.test('restores the cursor after Ctrl-C', async (t) => {
  const { output, screen, exitCode } = await runInTerminal('wait roll', {}, { at: 'ready', type: '\x03' })
  t.equal(exitCode, 130)
  t.equal(cursorCodes(output).at(-1), '\x1b[?25h')
  t.match(
    screen.join('\n'),
    /! stopping; npm run roll carries on from here[\s\S]*✗ waiting[\s\S]*cleaned[\s\S]*error: roll interrupted/,
  )
})

t.test('honours NO_COLOR, CI and a dumb terminal', async (t) => {
  const { output: noColour } = await runInTerminal('steps bake', { NO_COLOR: '1' })
  t.notMatch(noColour, control('\\d+m'))
  t.match(noColour, control('\\d+A'), 'still redrawn')
  for (const env of [{ CI: 'true' }, { TERM: 'dumb' }]) {
    const { output } = await runInTerminal('steps bake', env)
    t.notMatch(output, control('(\\?25|\\d+A)'), JSON.stringify(env))
    t.match(output, /bake 1\.0\.0 \.\.\.\r\n {2}verify \.\.\.\r\n {2}verify: done in/, JSON.stringify(env))
  }
})

t.test('a question on a terminal: yes, no, nothing, Ctrl-C', async (t) => {
  const at = 'Remove group x? [y/N] '
  t.match(await runInTerminal('ask destroy', {}, { at, type: 'y\n' }), { exitCode: 0, output: /removed/ })
  for (const type of ['n\n', '\n', '\x04']) {
    t.match(
      await runInTerminal('ask destroy', {}, { at, type }),
      { exitCode: 3, output: /not confirmed: Remove group x\?/ },
      JSON.stringify(type),
    )
  }
  t.match(await runInTerminal('ask destroy', {}, { at, type: '\x03' }), {
    exitCode: 130,
    output: /destroy interrupted/,
  })
})

t.test('without a terminal, prints one line per change, parallel steps each under their own', async (t) => {
  let output = ''
  const screen = {
    isLive: false,
    hasColour: false,
    write: (text: string) => {
      output += text
    },
    size: () => ({ columns: 80, rows: 24 }),
  }
  const progress = screenProgress(screen, { verbose: true })
  await progress.step('outer', async () => {
    await Promise.all([
      progress.step('left', async () => progress.event('in left')),
      progress.step('right', async () => progress.warn('in right')),
    ])
    progress.detail('two\nlines')
    progress.live(['never seen'])
  })
  await t.rejects(progress.step('broken', () => Promise.reject(new Error('no'))))
  progress.event('from afar: \x1b[2J\x07bell')
  t.same(output.replaceAll(/\d+\.\d s/g, 'N s').split('\n'), [
    'outer ...',
    '  left ...',
    '    in left',
    '  right ...',
    '    warning: in right',
    '  left: done in N s',
    '  right: done in N s',
    '  two',
    '  lines',
    'outer: done in N s',
    'broken ...',
    'broken: failed after N s',
    'from afar: bell',
    '',
  ])
  output = ''
  screenProgress(screen).detail('hidden without --verbose')
  t.equal(output, '')
})

t.test('a stream that is not a terminal is neither live nor coloured', (t) => {
  t.match(screenOf({ isTTY: false } as NodeJS.WriteStream, {}), { isLive: false, hasColour: false })
  t.match(screenOf({ isTTY: true } as NodeJS.WriteStream, { CI: 'false' }), { isLive: true, hasColour: true })
  t.match(screenOf({ isTTY: true } as NodeJS.WriteStream, { NO_COLOR: '1' }), { isLive: true, hasColour: false })
  t.end()
})

t.test('a recording progress remembers everything', async (t) => {
  const progress = recordingProgress()
  await progress.step('bake', async () => progress.event('made'))
  await t.rejects(progress.step('roll', () => Promise.reject(new Error('no'))))
  t.same(progress.lines, ['bake ...', 'made', 'bake: done', 'roll ...', 'roll: failed'])
})

t.test('on a live board, only our own codes move the cursor and set colours', async (t) => {
  const { output } = await runInTerminal('hostile roll --verbose --group fail')
  const rest = output.replaceAll(control('(?:\\?25[lh]|\\d*[AJ]|\\d+m)'), '')
  t.notMatch(rest, /(?![\r\n])[\p{Cc}\p{Bidi_Control}\p{Zl}]/u)
  t.notMatch(output, control('2J'))
  t.match(output, control('31m'), 'our own colours are there')
})
