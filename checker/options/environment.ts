import { type OptionKey, optionKeys, optionOf } from './options.ts'

/** One option as a variable says it. */
export interface Variable {
  readonly name: string
  readonly text: string
}

/** What an environment says of the options; an empty variable says nothing. */
export interface Variables {
  readonly values: ReadonlyMap<OptionKey, Variable>
  readonly problems: readonly string[]
}

const prefix = 'BAKEROLL_CHECK_'
/** Lambda's urls, and what the verb of a clone knows beside the checker. */
const others = ['URLS', 'INSTANCES'].map((word) => prefix + word)

/** The variable of an option: `BAKEROLL_CHECK_MAX_OFFSET` of `maxOffsetMs`; the unit is part of its value. */
export function variableOf(key: OptionKey): string {
  const words = key.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `_${letter}`)
  return prefix + words.toUpperCase()
}

/** Reads the variables of the options; one with our prefix that is none of them is a mistake, and would go unnoticed. */
export function readVariables(environment: NodeJS.ProcessEnv): Variables {
  const said = Object.entries(environment).filter(([name, text]) => name.startsWith(prefix) && text !== '')
  const values = new Map<OptionKey, Variable>()
  const problems: string[] = []
  for (const [name, text = ''] of said) {
    const key = optionKeys.find((one) => variableOf(one) === name)
    if (key === undefined) {
      if (!others.includes(name)) problems.push(`${name}: unknown variable`)
    } else if (optionOf(key).isOfOneRun) {
      problems.push(`${name}: cannot be set in the environment; pass --${optionOf(key).flag}`)
    } else {
      values.set(key, { name, text })
    }
  }
  return { values, problems }
}

/** Takes our variables out of an environment: what a run starts beside the check needs no secret of it. */
export function forgetVariables(environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(environment)) if (name.startsWith(prefix)) delete environment[name]
}
