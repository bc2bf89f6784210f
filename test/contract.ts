import type { Test } from 'tap'
import type { Group, Instance, Platform } from '../tasks/lib/platform.ts'

/** One platform under test, with the hands that the interface does not have. */
export interface ContractSubject {
  readonly name: string
  /** Each call returns a fresh client of the same group, as after a restart of the program. */
  readonly open: () => Promise<Platform> | Platform
  /** A verified image to launch from; the second only stands in records and is never launched. */
  readonly imageIds: readonly [string, string]
  /** Retries `check` until it returns a truthy value; throws with `what` after its time limit. */
  readonly eventually: <T>(what: string, check: () => Promise<T | undefined | false>) => Promise<T>
  /** Kills the machine outside the platform, where possible. */
  readonly killMachine?: ((instance: Instance) => Promise<void>) | undefined
  /** Takes the lock as an owner that is dead when this returns, where possible. */
  readonly lockAndDie?: ((verb: string) => Promise<void>) | undefined
  /** Stops the load balancer outside the platform, where possible. */
  readonly stopLoadBalancer?: (() => Promise<void>) | undefined
  /** False where instances are records only (an emulator): they have no console and no SSH. */
  readonly hasMachines?: false | undefined
}

/**
 * Holds a platform to the promises of `tasks/lib/platform.ts`. One story with two machines, because a real one takes a
 * minute to boot; it begins without a group and leaves none.
 */
export async function platformContract(t: Test, subject: ContractSubject): Promise<void> {
  await t.test(`${subject.name} keeps the promises of Platform`, async (t) => {
    const platform = await subject.open()
    try {
      await emptyGroup(t, subject, platform)
      await lockPromises(t, subject, platform)
      const [first, second] = await twoInstances(t, subject, platform)
      await whatIsTold(t, subject, platform, first)
      await drainAndEnd(t, subject, platform, first)
      await loadBalancerPromises(t, subject, platform, second)
      await killedMachine(t, subject, platform, second)
    } finally {
      await leaveNothing(t, platform)
    }
  })
}

async function emptyGroup(t: Test, { imageIds, open }: ContractSubject, platform: Platform): Promise<void> {
  const [imageId, otherId] = imageIds
  await t.test('a new group has no instances, and its record outlives the client', async (t) => {
    t.equal(await platform.group(), undefined)
    t.match(
      (await platform.images()).find(({ id }) => id === imageId),
      { verified: true, release: /./ },
    )
    await platform.createGroup(imageId, 2)
    t.match(await platform.group(), { imageId, size: 2, instances: [], loadBalancer: 'running', url: /^https?:\/\// })
    const roll = {
      imageId: otherId,
      previousImageId: imageId,
      startedAt: '2026-01-01T00:00:00.000Z',
      force: true,
      rollingBack: false,
    }
    await platform.updateGroup({ imageId: otherId, previousImageId: imageId, size: 3, roll })
    t.match(await (await open()).group(), { imageId: otherId, previousImageId: imageId, size: 3, roll })
    await platform.updateGroup({ roll: { ...roll, rollingBack: true, reason: 'it said "no"' } })
    t.match(await (await open()).group(), { size: 3, roll: { force: true, rollingBack: true, reason: 'it said "no"' } })
    await platform.updateGroup({ imageId, size: 2, roll: null })
    const before = { release: '1', content: 'a', since: roll.startedAt, imageId, upTo: roll.startedAt }
    const inPlace = { release: '2', content: 'b', since: roll.startedAt, imageId, before }
    await platform.updateGroup({ inPlace })
    await platform.updateGroup({ size: 2 })
    t.same((await (await open()).group())?.inPlace, inPlace)
    await platform.updateGroup({ inPlace: null })
    t.equal((await (await open()).group())?.inPlace, undefined)
    const group = await (await open()).group()
    t.match(group, { imageId, previousImageId: imageId, size: 2 })
    t.equal(group?.roll, undefined)
  })
}

async function lockPromises(t: Test, { open, lockAndDie }: ContractSubject, platform: Platform): Promise<void> {
  await t.test('one owner at a time', async (t) => {
    const other = await open()
    t.equal(await other.lockOwner(), undefined)
    const lock = await platform.lock('roll')
    t.equal(lock.takenOver, undefined)
    t.match(await other.lockOwner(), { verb: 'roll', owner: /./, since: /^\d{4}-\d\d-\d\dT.*Z$/ })
    const owner = await other.lockOwner()
    await t.rejects(other.lock('heal'), {
      kind: 'refused',
      message: new RegExp(`roll[^]*${escaped(owner?.owner ?? '')}`),
    })
    await lock.release()
    await lock.release()
    t.equal(await other.lockOwner(), undefined)
    const next = await other.lock('heal')
    await lock.release()
    t.match(await platform.lockOwner(), { verb: 'heal' }, 'a late release frees nothing of others')
    await next.release()
  })
  if (!lockAndDie) return
  await t.test('the lock of the dead is taken over', async (t) => {
    await lockAndDie('bake')
    const lock = await platform.lock('roll')
    t.match(lock.takenOver, { verb: 'bake', owner: /./ })
    await lock.release()
    t.equal(await platform.lockOwner(), undefined)
  })
}

async function twoInstances(t: Test, subject: ContractSubject, platform: Platform): Promise<[string, string]> {
  const ids = await platform.launch(2)
  await t.test('what is launched is seen at once and becomes healthy', async (t) => {
    t.same(new Set(await instanceIds(platform)), new Set(ids))
    t.equal(ids.length, 2)
    for (const id of ids) {
      const instance = await instanceOf(platform, id)
      t.match(instance, { imageId: subject.imageIds[0], url: /^https?:\/\//, startedAt: /^\d{4}-\d\d-\d\dT.*Z$/ })
    }
    await subject.eventually('all machines run', async () =>
      everyInstance(await platform.group(), { state: 'running' }),
    )
    await subject.eventually('all are healthy', async () =>
      everyInstance(await platform.group(), { health: 'healthy' }),
    )
    t.same(new Set(await instanceIds(await subject.open())), new Set(ids), 'another client sees the same')
    t.same(await platform.repairLoadBalancer(), [], 'nothing to mend when all is right')
  })
  return ids as [string, string]
}

async function whatIsTold(t: Test, subject: ContractSubject, platform: Platform, id: string): Promise<void> {
  if (subject.hasMachines === false) return
  await t.test('an instance tells about itself', async (t) => {
    t.match(await platform.consoleOutput(id), /\S/)
    const ssh = await platform.sshArguments(id)
    const user = (await instanceOf(platform, id))?.ssh.user
    t.ok(
      ssh.some((argument) => argument.startsWith(`${user}@`)),
      ssh.join(' '),
    )
  })
}

async function drainAndEnd(t: Test, subject: ContractSubject, platform: Platform, id: string): Promise<void> {
  await t.test('a drained instance ends unused, an ended one is gone, ending it twice is fine', async (t) => {
    await platform.drain(id)
    await platform.drain(id)
    t.match(await instanceOf(platform, id), { health: /^(draining|unused)$/ })
    await subject.eventually('it is unused', async () => (await instanceOf(platform, id))?.health === 'unused')
    t.match(await instanceOf(platform, id), { state: 'running' }, 'draining ends no machine')
    await platform.repairLoadBalancer()
    await subject.eventually('it serves again', async () => (await instanceOf(platform, id))?.health === 'healthy')
    await platform.drain(id)
    await platform.terminate(id)
    await subject.eventually('it is gone', async () => (await instanceOf(platform, id)) === undefined)
    await platform.terminate(id)
    t.equal((await instanceIds(platform)).length, 1)
  })
}

async function loadBalancerPromises(t: Test, subject: ContractSubject, platform: Platform, id: string): Promise<void> {
  const { stopLoadBalancer, eventually } = subject
  if (!stopLoadBalancer) return
  await t.test('a stopped load balancer is seen, and mended with its instances', async (t) => {
    await stopLoadBalancer()
    await eventually('it is stopped', async () => (await platform.group())?.loadBalancer === 'stopped')
    t.ok((await platform.repairLoadBalancer()).length > 0)
    t.equal((await platform.group())?.loadBalancer, 'running')
    await eventually('healthy again', async () => (await instanceOf(platform, id))?.health === 'healthy')
    t.same(await platform.repairLoadBalancer(), [])
  })
}

async function killedMachine(t: Test, subject: ContractSubject, platform: Platform, id: string): Promise<void> {
  const { killMachine, eventually } = subject
  if (!killMachine) return
  await t.test('a machine that is killed shows as stopped, until it is ended', async (t) => {
    const instance = await instanceOf(platform, id)
    if (!instance) return t.fail(`${id} is not there`)
    await killMachine(instance)
    await eventually('it is stopped', async () => (await instanceOf(platform, id))?.state === 'stopped')
    t.not((await instanceOf(platform, id))?.health, 'healthy')
    await platform.drain(id)
    await platform.terminate(id)
    await eventually('it is gone', async () => (await instanceOf(platform, id)) === undefined)
  })
}

/** Also cleans up when an earlier promise was broken: no machine stays behind. */
async function leaveNothing(t: Test, platform: Platform): Promise<void> {
  await t.test('a removed group leaves nothing', async (t) => {
    const lock = await platform.lock('destroy')
    for (const id of await instanceIds(platform)) await platform.terminate(id)
    await platform.removeGroup()
    t.equal(await platform.group(), undefined)
    t.same(await platform.leftovers(), [])
    await lock.release()
    t.equal(await platform.lockOwner(), undefined)
  })
}

async function instanceIds(platform: Platform): Promise<string[]> {
  return (await platform.group())?.instances.map(({ id }) => id) ?? []
}

async function instanceOf(platform: Platform, id: string): Promise<Instance | undefined> {
  return (await platform.group())?.instances.find((instance) => instance.id === id)
}

function everyInstance(group: Group | undefined, expected: Partial<Instance>): boolean {
  const entries = Object.entries(expected) as [keyof Instance, unknown][]
  return group?.instances.every((instance) => entries.every(([key, value]) => instance[key] === value)) ?? false
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
