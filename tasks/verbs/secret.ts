import { OperatorError } from '../lib/errors.ts'
import { listedSecrets, nameProblem, type SecretStore, valueProblem } from '../lib/secrets.ts'
import { openPlatform } from '../platforms/open.ts'
import { listing } from '../terminal/listing.ts'
import { readSecret } from '../terminal/secret-input.ts'
import type { TaskContext, TaskResult } from '../terminal/task.ts'

/** Sets or unsets one secret of the group, or lists them. Tells no value. */
export default async function secret(context: TaskContext): Promise<TaskResult> {
  const { settings } = context
  const wanted = parse(context.positionals)
  const { secrets } = await openPlatform(context)
  const needed = settings.service.secrets
  const done = wanted === undefined ? undefined : await change(wanted, secrets, needed, context)
  const listed = listedSecrets(await secrets.list(), needed)
  if (done !== undefined) return { line: done, facts: { secrets: listed } }
  const rows = listed.map(({ name, setAt }) => [
    name,
    setAt?.slice(0, 16).replace('T', ' ') ?? 'missing',
    needed.includes(name) ? 'yes' : 'no',
  ])
  const none = `group ${settings.group} has no secrets; npm run secret -- set NAME sets one`
  const heads = ['SECRET', 'SET (UTC)', 'IN service.secrets']
  return { line: none, output: rows.length === 0 ? none : listing({ heads, rows }), facts: { secrets: listed } }
}

interface Change {
  readonly word: 'set' | 'unset'
  readonly name: string
}

/** Undefined: no words. Repeats nothing that could be a value. */
function parse([word, name, ...more]: readonly string[]): Change | undefined {
  if (word === undefined) return undefined
  const hint = 'npm run secret -- set NAME, or npm run secret -- unset NAME'
  if (word !== 'set' && word !== 'unset') {
    throw new OperatorError('usage', `expected set or unset, got ${JSON.stringify(beforeEquals(word))}`, { hint })
  }
  if (name === undefined) throw new OperatorError('usage', `${word} what? expected the name of a secret`, { hint })
  if (more.length > 0 || name.includes('=')) {
    const problem =
      word === 'unset'
        ? 'unset takes the name of one secret'
        : 'set takes the name of one secret alone: its value comes from standard input, or is asked for, because command lines are seen by others'
    const typed = shown(beforeEquals(name))
    throw new OperatorError('usage', problem, {
      hint: word === 'unset' ? hint : `npm run secret -- set ${typed}, or npm run secret -- set ${typed} <FILE`,
    })
  }
  const problem = nameProblem(name)
  if (problem !== undefined) throw new OperatorError('usage', problem, { hint })
  return { word, name }
}

function beforeEquals(word: string): string {
  return word.split('=', 1)[0] ?? ''
}

function shown(name: string): string {
  return nameProblem(name) === undefined ? name : 'NAME'
}

async function change(
  { word, name }: Change,
  secrets: SecretStore,
  needed: readonly string[],
  { settings, progress, signal }: TaskContext,
): Promise<string> {
  const { group } = settings
  if (word === 'unset') {
    if (!(await secrets.unset(name))) return `unchanged: ${name} had no value in group ${group}`
    if (needed.includes(name)) {
      progress.warn(`service.secrets names ${name}: until it is set again, no new instance can start the service`)
    }
    return `unset ${name} of group ${group}; a running service keeps it until its instance is replaced`
  }
  const { mostBytes } = secrets
  const value = await readSecret({ prompt: `value of ${name} (not shown): `, mostBytes, signal })
  const problem = valueProblem(value, mostBytes)
  if (problem !== undefined) {
    const hint = value.length === 0 ? `npm run secret -- unset ${name} removes one` : undefined
    throw new OperatorError('usage', `${name}: ${problem}`, hint === undefined ? {} : { hint })
  }
  await secrets.set(name, value.toString('utf8'))
  return `set ${name} of group ${group}; running instances get it by npm run roll -- --force`
}
