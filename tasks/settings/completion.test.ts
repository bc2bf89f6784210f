// needs: fish, zsh
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { findProgram } from '../tools/system-packages.ts'
import { completionScript, type Shell } from './completion.ts'
import { flagsOf } from './settings.ts'
import { verbNames } from './verbs.ts'

/** Whether a shell is here; why the test is skipped where it is not. */
const lacks = (shell: Shell) => (findProgram(shell) === undefined ? `${shell} is not installed` : false)

function scriptOf(t: Test, shell: Shell): string {
  const file = join(t.testdir(), `bakeroll.${shell}`)
  writeFileSync(file, completionScript(shell))
  return file
}

/** What was typed, the cursor at its end, and what a shell offers for the last word. */
const cases: [typed: string[], offered: string[]][] = [
  [['rollb'], ['rollback']],
  [
    ['roll', '--engine', ''],
    ['own', 'refresh'],
  ],
  [['roll', '--su'], ['--surge']],
  [['roll', '--bat'], ['--batch']],
  [['check', '--format', 'js'], ['json']],
  [
    ['check', '--instances', '--ins'],
    ['--install', '--instances'],
  ],
  [['simulate', '--engi'], []],
  [['completion', 'ba'], ['bash']],
  [
    ['status', '--platform', ''],
    ['aws', 'local'],
  ],
]

t.test('bash', { skip: lacks('bash') }, async (t) => {
  const file = scriptOf(t, 'bash')
  const offer = async (typed: readonly string[]) => {
    const call = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bakeroll; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout } = await execa('bash', ['-c', call, 'bash', file, 'bakeroll', ...typed])
    return stdout.split('\n').filter((line) => line !== '')
  }
  for (const [typed, offered] of cases) t.same((await offer(typed)).toSorted(), offered, typed.join(' '))
  for (const verb of verbNames) {
    const flags = [...flagsOf(verb).keys(), 'help', 'version'].map((flag) => `--${flag}`)
    t.same((await offer([verb, '--'])).toSorted(), flags.toSorted(), verb)
  }
  t.same((await offer([''])).toSorted(), [...verbNames, '--help', '--version'].toSorted())
  t.same(await offer(['roll', '--engine', '=', 're']), ['refresh'], '--engine=re')
  t.same(await offer(['roll', '--report', `${file.slice(0, -3)}`]), [file], 'a file')
})

t.test('fish', { skip: lacks('fish') }, async (t) => {
  const file = scriptOf(t, 'fish')
  for (const [typed, offered] of cases) {
    const line = ['bakeroll', ...typed].join(' ')
    const { stdout } = await execa('fish', ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', file, line])
    const words = stdout.split('\n').flatMap((one) => one.split('\t')[0] || [])
    t.same(words.toSorted(), offered, line)
  }
})

t.test('zsh, as somebody types', { skip: lacks('zsh') }, async (t) => {
  const file = scriptOf(t, 'zsh')
  // In a terminal of its own; where one word fits, a tab makes it whole.
  const play = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell 'autoload -Uz compinit; compinit -u -D; PROMPT=; unsetopt zle_bracketed_paste; source '$1'; echo rea""dy'
    zpty -r shell line '*ready*'
    zpty -w -n shell $2$'\\t'
    zpty -r -m shell line "*$3*" && print -r -- made whole`
  for (const [typed, offered] of cases.filter(([, words]) => words.length === 1)) {
    const { stdout } = await execa('zsh', [
      '-f',
      '-c',
      play,
      'zsh',
      file,
      ['bakeroll', ...typed].join(' '),
      `${offered[0]}`,
    ])
    t.equal(stdout, 'made whole', typed.join(' '))
  }
})
