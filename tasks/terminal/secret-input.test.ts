import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { nothingTyped, typed } from './secret-input.ts'

const press = (...keys: string[]) => keys.reduce(typed, nothingTyped)

t.test('keys edit the line, and a paste keeps its line breaks', async (t) => {
  const cases: [keys: string[], text: string, end?: string][] = [
    [['ab', 'c\r'], 'abc', 'entered'],
    [['abc\u007f\bx\n'], 'ax', 'entered'],
    [['a🔑\u007fb\r'], 'ab', 'entered'],
    [['wrong\u0015right\r'], 'right', 'entered'],
    [['a\tb\u0001\u001b[D\u001b[1;5Cc'], 'a\tbc'],
    [['ab\u0004'], 'ab', 'entered'],
    [['ab\u0003'], 'ab', 'interrupted'],
    [['ab\rnext'], 'ab', 'entered'],
    [['\u001b[200~one\rtwo\r\nthree\u001b[201~\r'], 'one\ntwo\nthree', 'entered'],
    [['\u001b[20', '0~one\rtwo', '\u001b', '[201~', '\r'], 'one\ntwo', 'entered'],
    [['\u001b[200~a\u0003b\u001b[201~'], 'a\u0003b'],
  ]
  for (const [keys, text, end] of cases) t.match(press(...keys), { text, end }, JSON.stringify(keys))
})

/** Types into the program on a terminal once it asks; prints the terminal's output and exits with the same code. */
const typist = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b''
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    asked = b'(not shown)' in shown
    shown += piece
    if b'(not shown)' in shown and not asked:
        os.write(terminal, sys.argv[1].encode())
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`

t.test('shows none of the secret on a real terminal', async (t) => {
  const home = join(t.testdir(), 'home')
  mkdirSync(home)
  const main = join(import.meta.dirname, 'main.ts')
  const type = (keys: string) =>
    execa('python3', ['-c', typist, keys, process.execPath, main, 'secret', 'set', 'TOKEN'], {
      env: { NODE_OPTIONS: '', BAKEROLL_HOME: home },
      reject: false,
    })
  const entered = await type('planted-secret\r')
  t.equal(entered.exitCode, 0, entered.stdout)
  t.match(entered.stdout, /value of TOKEN \(not shown\): /)
  t.match(entered.stdout, /set TOKEN of group timeapp/)
  t.notMatch(entered.stdout, /planted/)
  const interrupted = await type('planted\u0003')
  t.equal(interrupted.exitCode, 130, interrupted.stdout)
  t.notMatch(interrupted.stdout, /planted/)
})
