import t from 'tap'
import type { ReleaseResult } from '../lib/release/task.ts'
import { resultOf } from './release.ts'

t.test('each outcome has its line, its facts and its exit code', (t) => {
  const one = (result: ReleaseResult['instances'][number]['result']) => [{ id: 'i-1', result }]
  const table: [result: ReleaseResult, line: string, exitCode: number][] = [
    [
      { outcome: 'released', release: '1.1.0', instances: one('released'), seconds: 5 },
      'released 1.1.0 to 1 instance in place, in 5 s',
      0,
    ],
    [
      { outcome: 'unchanged', release: '1.1.0', instances: one('had it'), seconds: 0 },
      'unchanged: every instance has 1.1.0',
      0,
    ],
    [
      { outcome: 'rolled-back', release: '1.0.0', instances: one('put back'), seconds: 9, reason: 'i-1: no space' },
      'rolled back to 1.0.0: i-1: no space',
      4,
    ],
    [
      {
        outcome: 'planned',
        release: '1.1.0',
        instances: one('planned'),
        seconds: 0,
        steps: [{ do: 'drain', instanceId: 'i-1', because: 'it gets 1.1.0' }],
      },
      'drain i-1: it gets 1.1.0',
      0,
    ],
  ]
  const lasting = 'what tuning, agent (image.roles.release) changes is not put back: a roll replaces the instances'
  for (const [result, line, exitCode] of table) {
    t.match(resultOf(result), { line, exitCode, facts: result })
    const told = { planned: `${line}\n${lasting}`, 'rolled-back': `${line}; ${lasting}` }
    const withRoles = resultOf(result, ['tuning', 'agent'])
    t.match(withRoles, { line: { ...told, released: line, unchanged: line }[result.outcome], exitCode, facts: result })
  }
  t.end()
})
