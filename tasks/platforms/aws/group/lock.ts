import { randomUUID } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import { DeleteParametersCommand, PutParameterCommand, paginateGetParametersByPath } from '@aws-sdk/client-ssm'
import { isAlive, type ProcessIdentity, thisProcess } from '../../../../checker/process-identity.ts'
import { OperatorError } from '../../../lib/errors.ts'
import type { Lock, LockOwner } from '../../../lib/platform.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import type { Names } from '../names.ts'

/**
 * The lock of a group is a numbered SSM parameter below `lockPath`, created by PutParameter without Overwrite, which
 * only one client can do. A stale lock is taken over by creating the next number, so nobody ever deletes or renews
 * another's lock by mistake. The holder renews its parameter; one not renewed for `staleAfterSeconds` is stale.
 */
export interface GroupLock extends Lock {
  readonly takenOver?: LockOwner
  /**
   * Throws `interrupted` when another client may have taken the lock over, because this computer was asleep or offline.
   */
  assertHeld(): void
}

interface Holder extends LockOwner, ProcessIdentity {
  readonly host: string
  /** Identifies one attempt to take the lock. */
  readonly token: string
}

interface Found extends Holder {
  readonly name: string
  readonly number: number
  readonly renewedMs: number
}

/** How often the holder renews the lock, and after how long it is stale. */
export interface LockTimes {
  readonly renewSeconds: number
  readonly staleAfterSeconds: number
}

const usualTimes: LockTimes = { renewSeconds: 30, staleAfterSeconds: 180 }

/** Takes the lock, or throws `refused` with owner and age. */
export async function takeLock(aws: Aws, names: Names, verb: string, times = usualTimes): Promise<GroupLock> {
  const found = await list(aws, names)
  refuseLive(found, names, times)
  const number = 1 + Math.max(0, ...found.map((one) => one.number))
  const name = `${names.lockPath}/${number}`
  const holder = newHolder(verb)
  await make(aws, names, name, holder, times)
  try {
    // Clients that saw the same stale lock, or none, all see this one now; each of them gives way.
    refuseLive(
      (await list(aws, names)).filter((one) => one.name !== name),
      names,
      times,
    )
  } catch (error) {
    await remove(aws, [name])
    throw error
  }
  await remove(
    aws,
    found.map((one) => one.name),
  )
  return held(aws, names, name, holder, times, found.at(-1))
}

export async function lockOwnerOf(aws: Aws, names: Names, times = usualTimes): Promise<LockOwner | undefined> {
  const live = (await list(aws, names)).find((one) => !isStale(one, times))
  return live && ownerOf(live)
}

function held(
  aws: Aws,
  names: Names,
  name: string,
  holder: Holder,
  times: LockTimes,
  stale: Found | undefined,
): GroupLock {
  let lostTo: string | undefined
  let isOver = false
  let renewedMs = Date.now()
  const renew = async () => {
    try {
      const all = await list(aws, names)
      if (isOver) return
      const other = all.find((one) => one.name !== name)
      const asked = Date.now()
      if (all.some((one) => one.name === name)) {
        await put(aws, name, holder, true)
        renewedMs = asked
      } else lostTo = other ? `${other.verb} by ${other.owner}` : 'somebody'
    } catch {
      // The network may be back at the next renewal; the lock is ours until it is stale.
    }
  }
  const timer = setInterval(renew, times.renewSeconds * 1000).unref()
  return {
    ...(stale ? { takenOver: ownerOf(stale) } : {}),
    assertHeld() {
      // After a sleep, a takeover may be unknown yet, but possible.
      const isStale = Date.now() - renewedMs > times.staleAfterSeconds * 1000
      if (lostTo === undefined && !isStale) return
      const what = lostTo === undefined ? 'could not be renewed' : `was taken over by ${lostTo}`
      throw new OperatorError('interrupted', `the lock of group ${names.group} ${what}`, {
        hint: `this computer sent no renewal for ${times.staleAfterSeconds} s; npm run status shows the state of the group`,
      })
    },
    async release() {
      if (isOver) return
      isOver = true
      clearInterval(timer)
      await remove(aws, [name])
    },
  }
}

async function make(aws: Aws, names: Names, name: string, holder: Holder, times: LockTimes): Promise<void> {
  try {
    await put(aws, name, holder, false, names)
  } catch (error) {
    // When the answer was lost the lock may exist all the same. It is ours then, and nobody else releases it.
    const found = await list(aws, names).catch(() => [])
    const isOurs = found.some((one) => one.name === name && one.token === holder.token)
    if (isOurs && isAwsError(error, 'ParameterAlreadyExists')) return
    if (isOurs) await remove(aws, [name]).catch(() => undefined)
    if (!isAwsError(error, 'ParameterAlreadyExists')) throw error
    refuseLive(found, names, times)
    throw new OperatorError('refused', `another client is taking the lock of group ${names.group} right now`, {
      hint: 'try again',
      cause: error,
    })
  }
}

async function put(aws: Aws, Name: string, holder: Holder, Overwrite: boolean, names?: Names): Promise<void> {
  const Tags = Object.entries(names?.tags ?? {}).map(([Key, Value]) => ({ Key, Value }))
  const Value = JSON.stringify(holder)
  await aws.ssm.send(
    new PutParameterCommand({ Name, Value, Type: 'String', Overwrite, ...(Overwrite ? {} : { Tags }) }),
  )
}

async function remove(aws: Aws, Names: string[]): Promise<void> {
  if (Names.length > 0) await aws.ssm.send(new DeleteParametersCommand({ Names }))
}

async function list(aws: Aws, { lockPath: Path }: Names): Promise<Found[]> {
  const found: Found[] = []
  for await (const { Parameters = [] } of paginateGetParametersByPath({ client: aws.ssm }, { Path })) {
    for (const { Name = '', Value = '', LastModifiedDate } of Parameters) {
      const number = Number(Name.slice(Path.length + 1))
      found.push({ ...holderIn(Value), name: Name, number, renewedMs: LastModifiedDate?.getTime() ?? 0 })
    }
  }
  return found.sort((a, b) => a.number - b.number)
}

function holderIn(text: string): Holder {
  const unknown = {
    verb: 'something',
    owner: 'somebody',
    since: new Date(0).toISOString(),
    host: '',
    pid: 0,
    started: '',
    token: '',
  }
  try {
    return { ...unknown, ...JSON.parse(text) }
  } catch {
    return unknown
  }
}

function newHolder(verb: string): Holder {
  const host = hostname()
  const owner = `${userInfo().username}@${host}, process ${process.pid}`
  return { verb, owner, since: new Date().toISOString(), host, ...thisProcess(), token: randomUUID() }
}

function ownerOf({ verb, owner, since }: Holder): LockOwner {
  return { verb, owner, since }
}

function isStale(found: Found, { staleAfterSeconds }: LockTimes): boolean {
  if (found.host === hostname() && !isAlive(found)) return true
  return Date.now() - found.renewedMs > staleAfterSeconds * 1000
}

function refuseLive(found: readonly Found[], { group }: Names, times: LockTimes): void {
  const live = found.find((one) => !isStale(one, times))
  if (!live) return
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(live.since)) / 1000))
  throw new OperatorError(
    'refused',
    `${live.verb} has been running for ${seconds} s in group ${group} (${live.owner})`,
    {
      hint: `wait for it to finish; if its computer is gone, the lock is free ${times.staleAfterSeconds} s after the last renewal`,
    },
  )
}
