import { type CommandLine, readCommandLine, urlsVariable } from '../options/command-line.ts'
import { type OptionKey, optionKeys, options } from '../options/options.ts'
import { variableOf } from '../settings/setting.ts'

/** The function's event; the environment can supply everything instead. Fields of other events are ignored. */
export interface CheckEvent {
  readonly urls?: readonly string[]
  /** Flags without dashes: `{"max-offset": "250ms", "ipv4": true}`. */
  readonly flags?: Readonly<Record<string, string | number | boolean>>
}

/** Options whose files would be lost with the machine, or that the cloud handles in another way. */
const unsupported: readonly OptionKey[] = [
  ...([
    'format',
    'output',
    'badge',
    'page',
    'historyFile',
    'state',
    'notify',
    'notifyTemplate',
    'maintenance',
  ] as const),
  ...optionKeys.filter((key) => options[key].elsewhere === 'nowhere'),
]

/** Reads urls and options from `BAKEROLL_CHECK_...` and the event, which takes precedence. Throws all problems at once. */
export async function readEvent(event: CheckEvent, environment: NodeJS.ProcessEnv): Promise<CommandLine> {
  const urls = event.urls ?? (environment[urlsVariable] ?? '').split(/[\s,]+/).filter((url) => url !== '')
  const { flags = {} } = event
  const problems = shapeProblems(event)
  for (const key of unsupported) {
    const { flag = '' } = options[key]
    const isInEnvironment = options[key].elsewhere !== 'nowhere' && environment[variableOfOption(key)]
    if (Object.hasOwn(flags, flag) || isInEnvironment) problems.push(`--${flag}: not supported in Lambda`)
  }
  if (problems.length > 0) throw new Error(problems.join('; '))
  const words = Object.entries(flags).flatMap(([flag, value]) =>
    value === false ? [] : [value === true ? `--${flag}` : `--${flag}=${value}`],
  )
  const isSaid = (name: string) => Object.keys(flags).some((flag) => flagOfVariable(name) === flag)
  const rest = Object.fromEntries(Object.entries(environment).filter(([name]) => !isSaid(name)))
  const commandLine = await readCommandLine([...words, '--', ...urls], rest)
  if (commandLine.problems.length > 0) throw new Error(commandLine.problems.join('; '))
  return commandLine
}

function shapeProblems({ urls, flags }: CheckEvent): string[] {
  const areUrls = urls === undefined || (Array.isArray(urls) && urls.every((url) => typeof url === 'string'))
  const areFlags = flags === undefined || (typeof flags === 'object' && flags !== null && !Array.isArray(flags))
  return [
    ...(areUrls ? [] : ['urls: expected a list of urls']),
    ...(areFlags ? [] : ['flags: expected an object, {"max-offset": "250ms"}']),
  ]
}

function flagOfVariable(name: string): string | undefined {
  const key = optionKeys.find((one) => variableOfOption(one) === name)
  return key === undefined ? undefined : options[key].flag
}

function variableOfOption(key: OptionKey): string {
  return variableOf(`check.${key}`)
}
