import type { Setting } from '../../checker/settings/setting.ts'
import { singleQuoted } from '../../checker/shell-word.ts'
import { isInstalled } from './own.ts'
import { settingsOf } from './settings.ts'
import { verbNames, verbs } from './verbs.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

const program = isInstalled ? 'npx bakeroll' : './bakeroll'

interface Flag {
  readonly name: string
  readonly help: string
  /** The name of its value; undefined: it takes none. */
  readonly placeholder: string | undefined
  readonly completes: 'files' | 'folders' | readonly string[]
}

/** A script that makes a shell complete verbs, flags and flag values. */
export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell]()
}

function flagsOf(verb: (typeof verbNames)[number]): Flag[] {
  const flags = [...settingsOf(verb).values()].flatMap((setting) =>
    namesOf(setting).map((name) => toFlag(name, setting)),
  )
  return [...flags, toSwitch('help', 'everything about this verb'), toSwitch('version', 'the version of bakeroll')]
}

function namesOf({ flag, otherFlag }: Setting<unknown>): string[] {
  return [flag, otherFlag].filter((name) => name !== undefined)
}

function toFlag(name: string, { help, kind }: Setting<unknown>): Flag {
  return { name, help, placeholder: kind.placeholder, completes: kind.completes ?? [] }
}

function toSwitch(name: string, help: string): Flag {
  return { name, help, placeholder: undefined, completes: [] }
}

/** Arguments without a flag; `test` takes paths of suites. */
function wordsOf(verb: (typeof verbNames)[number]): 'files' | readonly string[] {
  if (verb === 'secret') return ['set', 'unset']
  return verb === 'test' ? 'files' : verb === 'completion' ? shells : []
}

function bash(): string {
  const cases = verbNames.map((verb) => {
    const flags = flagsOf(verb)
    const values = flags.flatMap(({ name, placeholder, completes }) =>
      placeholder === undefined ? [] : [`      --${name}) values=${bashValues(completes)} ;;`],
    )
    const words = wordsOf(verb)
    return [
      `    ${verb})`,
      `      flags='${flags.map(({ name }) => `--${name}`).join(' ')}'`,
      `      words=${bashValues(words)}`,
      '      case $flag in',
      ...values,
      '      esac ;;',
    ].join('\n')
  })
  return `# bash completion of bakeroll: eval "$(${program} completion bash)"
_bakeroll() {
  local cur=\${COMP_WORDS[COMP_CWORD]} flag=\${COMP_WORDS[COMP_CWORD - 1]} flags='' words='' values=-
  COMPREPLY=()
  # Readline makes --flag=value three words.
  if [[ $cur == = ]]; then cur=''
  elif [[ $flag == = ]]; then flag=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '${[...verbNames, '--help', '--version'].join(' ')}' -- "$cur")
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  if [[ $values == - && $cur == -* ]]; then values=$flags
  elif [[ $values == - ]]; then values=$words
  fi
  case $values in
    @files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    @folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur") ;;
  esac
}
complete -F _bakeroll bakeroll
`
}

function bashValues(completes: Flag['completes']): string {
  return typeof completes === 'string' ? `@${completes}` : `'${completes.join(' ')}'`
}

function zsh(): string {
  const plain = (text: string) => text.replace(/[[\]:\\]/g, '\\$&')
  const action = (completes: Flag['completes']) =>
    completes === 'files'
      ? '_files'
      : completes === 'folders'
        ? '_files -/'
        : completes.length === 0
          ? ' '
          : `(${completes.join(' ')})`
  const verbList = verbNames.map((verb) => singleQuoted(`${plain(verb)}:${verbs[verb].summary}`))
  const cases = verbNames.map((verb) => {
    const specs = flagsOf(verb).map(({ name, help, placeholder, completes }) => {
      const value = placeholder === undefined ? '' : `:${plain(placeholder)}:${action(completes)}`
      return singleQuoted(`*--${name}${placeholder === undefined ? '' : '='}[${plain(help)}]${value}`)
    })
    const words = wordsOf(verb)
    return `    ${verb}) _arguments ${[...specs, ...(words.length === 0 ? [] : [singleQuoted(`*: :${action(words)}`)])].join(' ')} ;;`
  })
  return `#compdef bakeroll
# zsh completion of bakeroll: eval "$(${program} completion zsh)"
_bakeroll() {
  local -a verbs
  verbs=(${verbList.join(' ')})
  if ((CURRENT == 2)); then
    _describe verb verbs
    return
  fi
  local verb=$words[2]
  shift words
  ((CURRENT--))
  case $verb in
${cases.join('\n')}
  esac
}
compdef _bakeroll bakeroll
`
}

function fish(): string {
  const quoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`
  const lines = verbNames.flatMap((verb) => {
    const isHere = `-n ${quoted(`test (commandline -opc)[2] = ${verb} 2>/dev/null`)}`
    const words = wordsOf(verb)
    return [
      `complete -c bakeroll -n __fish_use_subcommand -a ${verb} -d ${quoted(verbs[verb].summary)}`,
      ...flagsOf(verb).map(({ name, help, placeholder, completes }) => {
        const value =
          placeholder === undefined
            ? ''
            : completes === 'files'
              ? ' -r -F'
              : completes === 'folders'
                ? " -x -a '(__fish_complete_directories)'"
                : ` -x -a ${quoted(completes.join(' '))}`
        return `complete -c bakeroll ${isHere} -l ${name}${value} -d ${quoted(help)}`
      }),
      ...(words === 'files' ? [`complete -c bakeroll ${isHere} -F`] : []),
      ...(words !== 'files' && words.length > 0
        ? [`complete -c bakeroll ${isHere} -a ${quoted(words.join(' '))}`]
        : []),
    ]
  })
  return `# fish completion of bakeroll: ${program} completion fish | source\ncomplete -c bakeroll -f\n${lines.join('\n')}\n`
}
