import type { OwnFunction } from './call-graph.ts'

/** The shortest chain of calls from a verb's entry to an effect. */
export interface Chain {
  readonly verb: string
  /** Functions in order, without the entry, ending with the library's. */
  readonly calls: readonly string[]
}

/**
 * The deepest effect of each verb, deepest first: of the shortest chains from the entry to each effect, the longest.
 * The entry counts as 0 and the library's function as the last call: `roll -> rollGroup -> spawn` is 2. For `simulate`
 * a port leads to the simulator, for other verbs to the platforms. Verbs called by a verb count on their own, and so
 * does the checker, which also runs alone.
 */
export function longestChains(functions: readonly OwnFunction[]): Chain[] {
  const entries = functions.filter(isEntry)
  const chains = entries.flatMap((entry) => {
    const all = chainsFrom(entry)
    return all.toSorted((a, b) => b.calls.length - a.calls.length).slice(0, 1)
  })
  return chains.toSorted((a, b) => b.calls.length - a.calls.length)
}

/** The shortest chain from an entry to each function that has an effect. */
export function chainsFrom(entry: OwnFunction): Chain[] {
  const isOfEntry = ({ path }: OwnFunction) =>
    !path.startsWith(entry.name === 'simulate' ? 'tasks/platforms/' : 'tasks/simulator/') &&
    path.startsWith('checker/') === entry.path.startsWith('checker/')
  const callers = new Map<OwnFunction, OwnFunction | undefined>([[entry, undefined]])
  for (const caller of callers.keys()) {
    for (const called of caller.calls) {
      if (!callers.has(called) && !isEntry(called) && isOfEntry(called)) callers.set(called, caller)
    }
  }
  const wayTo = (one: OwnFunction): OwnFunction[] => {
    const caller = callers.get(one)
    return caller ? [...wayTo(caller), one] : []
  }
  return [...callers.keys()].flatMap((last) => {
    const [effect] = last.effects
    return effect === undefined
      ? []
      : [
          {
            verb: entry.name === 'perform' ? 'checker' : entry.name,
            calls: [...wayTo(last).map(({ name }) => name), effect],
          },
        ]
  })
}

function isEntry({ name, path }: OwnFunction): boolean {
  return path === `tasks/verbs/${name}.ts` || (path === 'checker/perform.ts' && name === 'perform')
}

/** `roll 9: rollGroup carryOut ... send`. */
export function chainLine({ verb, calls }: Chain): string {
  return `${verb} ${calls.length}: ${calls.join(' ')}`
}
