import fc from 'fast-check'
import t from 'tap'
import { OperatorError } from '../lib/errors.ts'
import { failureOutcome, type Outcome, resultOutcome } from './outcome.ts'

const hostile = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom('\u001b[2J', '\u009b31m', '\u001b]0;owned\u0007', '\u202e', '\u2028', '\r', '\n', '\ud83d'),
  ),
})
const reporting = fc.record({
  verb: fc.constantFrom('roll', 'logs', 'check'),
  json: fc.boolean(),
  verbose: fc.boolean(),
  wasInterrupted: fc.boolean(),
  command: hostile,
  format: fc.constantFrom('text', 'nagios'),
  program: fc.constantFrom(undefined, './bakeroll'),
  paint: fc.constant((_: string, text: string) => `\u001b[31m${text}\u001b[39m`),
})

/** Contains our own colours and no other control character. */
function isClean({ stdout, stderr }: Outcome): boolean {
  const foreign = (stdout + stderr).replaceAll('\u001b[31m', '').replaceAll('\u001b[39m', '')
  return !/(?![\n\t])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(foreign)
}

t.test('no outcome contains control characters from outside', (t) => {
  const results = fc.property(hostile, hostile, reporting, (line, output, how) =>
    isClean(resultOutcome({ line, output, facts: { [line]: [output] } }, how)),
  )
  t.doesNotThrow(() => fc.assert(results, { numRuns: 500 }))
  const failures = fc.property(hostile, hostile, fc.boolean(), reporting, (message, hint, isOurs, how) => {
    const cause = new Error(hint)
    return isClean(
      failureOutcome(isOurs ? new TypeError(message) : new OperatorError('failed', message, { hint, cause }), how),
    )
  })
  t.doesNotThrow(() => fc.assert(failures, { numRuns: 500 }))
  t.end()
})
