import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { keepVariables, variablesText } from './variables-file.ts'

const variables = { A: 'plain', B: `"quoted" 'and' $HOME \`id\` \\ \\\\ \\n 50%`, C: 'two\nlines\n#no comment', D: '' }

/** How systemd reads such a file (src/basic/env-file.c): only these four lose their backslash between double quotes. */
function asSystemdReads(text: string): Record<string, string> {
  const found = text.matchAll(/^(\w+)="((?:[^"\\]|\\.)*)"$/gms)
  return Object.fromEntries([...found].map(([, name, value = '']) => [name, value.replace(/\\([\\"$`])/g, '$1')]))
}

t.test('a shell and systemd read back the same values', (t) => {
  const file = join(t.testdir({ variables: variablesText(variables) }), 'variables')
  const script = 'set -a; . "$1"; set +a; exec env -0'
  const output = execFileSync('/bin/sh', ['-c', script, '-', file], { env: {}, encoding: 'utf8' })
  const read = Object.fromEntries(output.split('\0').map((line) => /^(\w+)=(.*)$/s.exec(line)?.slice(1) ?? []))
  t.match(read, variables)
  t.same(asSystemdReads(readFileSync(file, 'utf8')), variables)
  t.throws(() => variablesText({ A: 'a\u0007' }), {
    message: 'A contains a control character, which this file cannot hold',
  })
  t.end()
})

t.test('makes the file private and removes it when there is nothing to keep', (t) => {
  const file = join(t.testdir({ folder: { old: '' } }), 'folder', 'old')
  chmodSync(file, 0o644)
  t.equal(keepVariables(file, { A: '1' }), file)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.equal(keepVariables(file, {}), undefined)
  t.notOk(existsSync(file))
  t.end()
})
