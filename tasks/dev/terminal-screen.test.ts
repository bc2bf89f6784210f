import { test } from 'tap'
import { openTerminalScreen } from './terminal-screen.ts'

const shown = (...texts: string[]) => {
  const screen = openTerminalScreen()
  for (const text of texts) screen.write(text)
  return screen.rows().map((row) => row.map(({ text, style }) => (style === '' ? text : `[${style} ${text}]`)).join(''))
}

test('redraws a live area in place and keeps the lines above it', async (t) => {
  t.strictSame(shown('⠋ bake 0.1 s\r\n', '\u001b[1A\r\u001b[J✓ bake\r\n⠙ deploy 0.1 s\r\n'), [
    '✓ bake',
    '⠙ deploy 0.1 s',
    '',
  ])
})

test('reads colours, even from a sequence split in two', async (t) => {
  t.strictSame(shown('\u001b[3', '2m✓\u001b[39m done \u001b[2m3 s\u001b[22m'), ['[g ✓] done [d 3 s]'])
})

test('overwrites a line and clears it from the cursor on', async (t) => {
  t.strictSame(shown('downloading\rdone', '\u001b[0K', '\u001b[1GD'), ['Done'])
})
