// needs: fish, zsh
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { findProgram } from '../tools/system-packages.ts'
import { completionScript, type Shell } from './completion.ts'
import { flagsOf } from './settings.ts'
import { verbNames } from './verbs.ts'

/** False when the shell is installed, otherwise the reason to skip its test. */
const lacks = (shell: Shell) => (findProgram(shell) === undefined ? `${shell} is not installed` : false)

function scriptOf(t: Test, shell: Shell): string {
  const file = join(t.testdir(), `bakeroll.${shell}`)
  writeFileSync(file, completionScript(shell))
  return file
}

/** The typed words, with the cursor at the end, and the completions for the last one. */
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

t.test('bash completes verbs, flags and values', { skip: lacks('bash') }, async (t) => {
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

t.test('fish completes verbs, flags and values', { skip: lacks('fish') }, async (t) => {
  const file = scriptOf(t, 'fish')
  for (const [typed, offered] of cases) {
    const line = ['bakeroll', ...typed].join(' ')
    const { stdout } = await execa('fish', ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', file, line])
    const words = stdout.split('\n').flatMap((one) => one.split('\t')[0] || [])
    t.same(words.toSorted(), offered, line)
  }
})

t.test('zsh completes a typed word', { skip: lacks('zsh') }, async (t) => {
  const file = scriptOf(t, 'zsh')
  // In its own terminal; when one word fits, a tab completes it.
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
