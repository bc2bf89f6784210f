import { execFileSync } from 'node:child_process'
import t from 'tap'
import { cronCommand, shellCommand, systemdCommand } from './quoting.ts'

const words = [
  'a',
  '',
  "it's",
  '%',
  '100%',
  '\\%',
  '\\\\%',
  "'%'",
  '$HOME',
  '"',
  '`x`',
  'a b',
  '*',
  ';',
  '\\',
  'ü',
  '--x=1',
]

/** How Debian's cron reads a command (do_command.c): the rest after a bare percent sign is input. */
function asCronReads(line: string): string {
  const read: string[] = []
  let isEscaped = false
  for (const letter of line) {
    if (!isEscaped && letter === '%') return `${read.join('')}[input]`
    if (isEscaped && letter === '%') read.pop()
    read.push(letter)
    isEscaped = !isEscaped && letter === '\\'
  }
  return read.join('')
}

t.test('a shell splits the line into the same words, from a crontab as well', (t) => {
  const print = 'for word; do printf "%s\\0" "$word"; done'
  const command = shellCommand(['sh', '-c', print, '-', ...words])
  for (const text of [command, asCronReads(cronCommand(command))]) {
    t.same(execFileSync('/bin/sh', ['-c', text], { encoding: 'utf8' }).split('\0').slice(0, -1), words)
  }
  t.end()
})

t.test('systemd: escapes specifiers and variables', (t) => {
  t.equal(
    systemdCommand(['/bin/x', '--at=50%', '$HOME', 'a "b" \\c', '', "it's"]),
    String.raw`/bin/x --at=50%% $$HOME "a \"b\" \\c" "" "it's"`,
  )
  t.end()
})
