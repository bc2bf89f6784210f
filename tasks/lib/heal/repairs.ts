import { OperatorError } from '../errors.ts'
import { type Examination, examine } from './examination.ts'
import { type InnerRepair, isOnlyLacking, nextRepair } from './planner.ts'
import type { HealedInstance, HealTask, RepairRecord } from './task.ts'

/** Tries repairs inside an instance, one by one, until it is right, must be replaced, or none is left. */
export async function repairInside(task: HealTask, instance: HealedInstance): Promise<void> {
  let examination = await examine(task, instance.id, 0)
  while (true) {
    const tried = instance.repairs.map(({ repair }) => repair)
    const decision = nextRepair(examination.symptoms, tried, task.policy.maxRepair)
    settlePrevious(instance, decision.do === 'none' || isOnlyLacking(examination.symptoms))
    if (decision.do === 'none') {
      instance.state = instance.repairs.length > 0 ? 'healed' : 'healthy'
      return
    }
    if (decision.do === 'give up') {
      task.progress.warn(`${instance.id}: ${decision.reason}`)
      instance.state = 'broken'
      return
    }
    const { repair, reason } = decision
    const words = { replace: 'replace', release: 'release to' }[repair as string] ?? `repair ${repair} on`
    task.progress.event(`${words} ${instance.id}: ${reason}`)
    const record: RepairRecord = { repair, reason, result: '' }
    instance.repairs.push(record)
    if (repair === 'replace' || repair === 'release') {
      instance.state = `to ${repair}`
      return
    }
    examination = await tryRepair(task, examination, record, repair)
  }
}

/** Records the first repair that would be tried. */
export function planRepair({ policy }: HealTask, instance: HealedInstance, examination: Examination | undefined): void {
  if (!examination) return
  const decision = nextRepair(examination.symptoms, [], policy.maxRepair)
  if (decision.do !== 'repair') return
  instance.repairs.push({ repair: decision.repair, reason: decision.reason, result: 'planned' })
}

async function tryRepair(task: HealTask, { instance }: Examination, record: RepairRecord, repair: InnerRepair) {
  const { verifySeconds, instanceTimeoutSeconds } = task.policy
  try {
    await task.repair(instance, repair)
  } catch (error) {
    if (!(error instanceof OperatorError) || error.kind === 'interrupted') throw error
    record.result = `failed: ${error.message}`
    return examine(task, instance.id, 0)
  }
  return examine(task, instance.id, (repair === 'reboot' ? instanceTimeoutSeconds : verifySeconds) * 1000)
}

function settlePrevious(instance: HealedInstance, isRight: boolean): void {
  const last = instance.repairs.at(-1)
  if (last?.result === '') last.result = isRight ? 'worked' : 'did not help'
}
