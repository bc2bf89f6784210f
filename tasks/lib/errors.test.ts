import t from 'tap'
import { exitCodes, OperatorError } from './errors.ts'

t.test('every kind of failure has the exit code that the reference promises', (t) => {
  t.same(exitCodes, { usage: 2, refused: 3, 'put-back': 4, failed: 5, interrupted: 130 })
  t.end()
})

t.test('the cause is kept', (t) => {
  const cause = new Error('connection refused')
  const failure = new OperatorError('failed', 'group timeapp is not healthy', { cause, hint: 'npm run heal' })
  t.equal(failure.cause, cause)
  t.equal(failure.hint, 'npm run heal')
  t.end()
})
