import { openScalingGroup, type PeerResult, type PeerTask, type ScalingGroup } from './scaling-group.ts'

/**
 * Models of palantir/bouncer (https://github.com/palantir/bouncer, Apache-2.0), based on its source at commit
 * 6df59a1c1a4a5ce3bef6dc81704f5bcc5bfcbc42. Where its README and its source differ, the source counts.
 *
 * All modes share a loop: poll, wait while anything is in flight, take one step, sleep, poll again. In flight
 * is any new instance that is not in service and any instance that is being terminated (`IsTransient` in bouncer/asgset.go),
 * so every step waits for the slowest machine of the previous one. `waitBetweenChecks = 15 * time.Second` is a constant of
 * bouncer/runner.go.
 */
export const bouncerPollSeconds = 15

/** A mode's step once nothing is in flight; true when there is nothing left to do. */
type Mode = (group: ScalingGroup, size: number, batch: number) => boolean

/**
 * serial/runner.go: terminates the best old instance and lowers the desired capacity with it; when it is gone, raises the desired
 * capacity again and waits for the new one. Its README: "Will bounce all the servers in those ASGs one at a time".
 */
const serial: Mode = (group, size) => {
  if (group.desired !== size) group.setDesired(size)
  else if (group.old > 0) group.endOld(1, true)
  else return true
  return false
}

/**
 * canary/runner.go: one new instance first, then all missing ones at once, then terminates all old ones. Needs a
 * maximum of twice the size. Its README: "have `max_size` = 2 * `desired_capacity`".
 */
const canary: Mode = (group, size) => {
  if (group.fresh === size && group.old === 0) return true
  if (group.fresh === size) group.endOld(group.old, true)
  else group.setDesired(group.desired + (group.fresh === 0 ? 1 : size - group.fresh))
  return false
}

/**
 * slowcanary/runner.go: one above the size; then terminates one old instance without lowering the desired capacity, so
 * that the group replaces it, until the last one is terminated for good. Its README: "it only adds one new node at a time, destroying an
 * old node as it goes".
 */
const slowCanary: Mode = (group, size) => {
  if (group.desired === size && group.old === 0) return true
  if (group.desired === size) group.setDesired(size + 1)
  else group.endOld(1, group.old === 1)
  return false
}

/**
 * batchcanary/runner.go: one new instance first, then a batch above the size; when all of it serves, terminates as many old ones,
 * waits until they are gone, and takes the next batch. The README terminates an old instance after the canary; the source fills up
 * the first batch before that. "Your total node count regardless of status will never go above (desired capacity + batch size)".
 */
const batchCanary: Mode = (group, size, batch) => {
  if (group.old === 0 && group.fresh === size) return true
  const wanted = size + Math.min(batch, group.old)
  if (group.fresh === 0) group.setDesired(group.desired + 1)
  else if (wanted > group.desired) group.setDesired(wanted)
  else group.endOld(Math.min(group.old, group.old + group.fresh - size), true)
  return false
}

/**
 * batchserial/runner.go: like serial, but after a first instance with a batch at once, never above the size. Its
 * README: "Your total `InService` node count will not go below (desired capacity - batch size)".
 */
const batchSerial: Mode = (group, size, batch) => {
  if (group.old === 0 && group.fresh === size) return true
  if (group.fresh === 0 && group.old === size) group.endOld(1, true)
  else if (group.old + group.fresh < size) group.setDesired(size)
  else group.endOld(Math.min(batch, group.old), true)
  return false
}

/**
 * full/runner.go: terminates every old instance one by one, then restores the size one by one. Its source: "drain
 * one ASG at a time one instance at a time until no ASGs have any old instances".
 */
const full: Mode = (group, size) => {
  if (group.old > 0) group.endOld(1, true)
  else if (group.desired < size) group.setDesired(group.desired + 1)
  else return true
  return false
}

/** full/runner.go with `--fast`: "kill all the old instances at once"; restoring the size is the same. */
const fullFast: Mode = (group, size, batch) => {
  if (group.old === 0) return full(group, size, batch)
  group.endOld(group.old, true)
  return false
}

const modes = {
  serial,
  canary,
  'slow-canary': slowCanary,
  'batch-canary': batchCanary,
  'batch-serial': batchSerial,
  full,
  'full --fast': fullFast,
} as const

/** A mode of bouncer. */
export type BouncerMode = keyof typeof modes

/** Rolls a group as a mode of bouncer does; `batch` matters to the batch modes only. */
export function bounce(mode: BouncerMode, task: PeerTask, batch = 1): PeerResult {
  const group = openScalingGroup(task)
  while (isTransient(group) || !modes[mode](group, task.size, batch)) group.pass(task.pollSeconds)
  return group.result()
}

function isTransient(group: ScalingGroup): boolean {
  return group.inServiceFor(0) < group.fresh || group.leaving > 0
}
