import { kind, list, text, Wrong, wholeNumber } from '../../checker/settings/kinds.ts'
import { type Count, countText, isZero, parseCount } from '../lib/count.ts'

const mostInstances = 9999

/** A count of instances or a share of the group: `2`, `25%`. */
export const count = kind<Count>(
  'a count or a percent, like 2 or 25%',
  'COUNT|PERCENT',
  (said) => {
    const found = parseCount(said)
    if (found !== undefined && !('count' in found && found.count > mostInstances)) return found
    const [, percent] = /^\d+(%?)$/.exec(said) ?? []
    if (percent === undefined) return undefined
    return new Wrong({
      why: percent === '%' ? 'a percent is at most 100%' : `a count is at most ${mostInstances}`,
    })
  },
  {
    typed: (value) => (typeof value === 'number' || typeof value === 'string' ? String(value) : undefined),
    show: countText,
  },
)

/** Several counts above 0: `1,25%,50%`; in the configuration file a list. */
export const counts = list<Count>(
  'counts or percents above 0, like 1,25%,50%',
  {
    ...count,
    parse: async (said, place) => {
      const found = await count.parse(said, place)
      return found === undefined || found instanceof Wrong || !isZero(found) ? found : undefined
    },
  },
  'LIST',
)

/** Words that match one pattern, separated by commas. */
export function words(expected: string, pattern: RegExp, placeholder: string) {
  return list(`${expected}, with commas between them`, text(expected, pattern, placeholder), placeholder)
}

export const instanceId = text('an instance id', /^[0-9A-Za-z][0-9A-Za-z._-]*$/, 'ID')
export const command = text('a command for the shell', /\S/, 'COMMAND')
export const size = wholeNumber(1, 1000)
