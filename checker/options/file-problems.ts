import { outputProblem } from '../outlets/output-file.ts'
import { type CheckOptions, options as table } from './options.ts'

const written = ['output', 'badge', 'page', 'historyFile'] as const

/** Everything that is wrong with the files that the options want written, found out by trying; one line each. */
export function fileProblems(options: CheckOptions): string[] {
  return written.flatMap((key) => {
    const path = options[key]
    const problem = path === undefined ? undefined : outputProblem(path)
    return problem === undefined ? [] : [`--${table[key].flag}: ${problem}`]
  })
}
