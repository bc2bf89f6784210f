import { availableParallelism } from 'node:os'
import t from 'tap'
import { measureComputer, patientMs } from './pace-measurement.ts'

t.test('measures this computer', async (t) => {
  const { workMs, stretch, load, processors } = measureComputer()
  t.equal(processors, availableParallelism())
  t.ok(workMs > 1 && workMs < 10_000, `${workMs} ms`)
  t.ok(stretch > 0.5, String(stretch))
  t.ok(load >= 0 && Number.isFinite(load), String(load))
})

t.test('a time limit is never shorter than given', async (t) => {
  t.ok(patientMs(100) >= 100 && patientMs(100) <= 1000)
})
