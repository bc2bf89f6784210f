import '../../simulator/promises-fixture.ts'
import t, { type Test } from 'tap'
import { ClientKilled, crashingAt } from '../../simulator/crash.ts'
import { recordedProgress } from '../../simulator/recorded-progress.ts'
import { simulatedPlatform } from '../../simulator/simulated-platform.ts'
import { simulatedWorld, type World } from '../../simulator/simulated-world.ts'
import { OperatorError } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { plainPolicy } from '../roll/policy.ts'
import { asRollback, rollGroup } from '../roll/roll.ts'
import type { Refresh, RefreshSpec, RefreshState } from './port.ts'
import { isRefreshing, type RefreshTask, refreshGroup } from './refresh.ts'

const image = (id: string) => ({ id, release: `1.${id.slice(1)}.0`, createdAt: '2026-01-01T00:00:00Z', verified: true })
const images = ['i3', 'i2', 'i1'].map(image)
const policy = { ...plainPolicy, instanceTimeoutSeconds: 300 }

/** What AWS does with an image that is bad: rolls back, gives up, or gives up during the rollback. */
type Fate = 'rolls back' | 'fails' | 'cannot go back'

/** The platform's side: replaces one machine a minute, goes back to what the group is pinned to. Outlives every client. */
class Aws implements Refresh {
  readonly world: World
  /** The image that the group is pinned to; undefined when it follows the newest. */
  pinned: string | undefined
  started: RefreshSpec[] = []
  fates: Record<string, Fate> = {}
  current:
    | (RefreshState & { readonly to: string; from: string | undefined; sinceMs: number; total: number })
    | undefined

  constructor(world: World) {
    this.world = world
  }

  async start(spec: RefreshSpec): Promise<void> {
    this.pinned = spec.from ?? this.pinned
    this.want(spec.imageId)
    if (this.isActive) throw new OperatorError('refused', 'InstanceRefreshInProgress')
    this.begin(spec.imageId, spec.from)
    this.started.push(spec)
  }

  async look(): Promise<RefreshState | undefined> {
    const { world, current } = this
    if (!current) return undefined
    const steps = Math.floor((world.clock.now() - current.sinceMs) / 60_000)
    for (let step = 0; step < steps && this.isActive; step++) await this.minute()
    if (!this.current) return undefined
    const { to: _, from: __, sinceMs: ___, total: ____, ...state } = this.current
    return state
  }

  async rollBack(): Promise<'rolling back' | 'over'> {
    await this.look()
    if (!this.isActive) return 'over'
    this.change({ status: 'RollbackInProgress', sinceMs: this.world.clock.now(), reason: 'asked for' })
    return 'rolling back'
  }

  async end(imageId: string): Promise<void> {
    this.want(imageId)
    this.pinned = undefined
  }

  begin(to: string, from: string | undefined): void {
    this.current = {
      id: `r${Number(this.current?.id.slice(1) ?? 0) + 1}`,
      status: 'InProgress',
      imageId: to,
      percentageComplete: 0,
      instancesToUpdate: this.left(to),
      reason: undefined,
      checkpoints: [],
      checkpointDelaySeconds: 300,
      to,
      from,
      sinceMs: this.world.clock.now(),
      total: Math.max(1, this.left(to)),
    }
  }

  change(change: Partial<NonNullable<Aws['current']>>): void {
    if (this.current) this.current = { ...this.current, ...change }
  }

  get isActive(): boolean {
    return ['Pending', 'InProgress', 'RollbackInProgress', 'Cancelling'].includes(this.current?.status ?? '')
  }

  private async minute(): Promise<void> {
    const { status, to, from, sinceMs, total } = this.current ?? { sinceMs: 0, total: 1, to: '' }
    this.change({ sinceMs: sinceMs + 60_000 })
    if (status === 'InProgress') {
      await this.replaceOne(to)
      this.progress(to, total)
      const fate = this.fates[to]
      if (fate === 'fails' || (fate && from === undefined)) this.change({ status: 'Failed', reason: 'no health' })
      else if (fate) this.change({ status: 'RollbackInProgress', reason: 'an alarm' })
      else if (this.left(to) === 0) {
        this.change({ status: 'Successful' })
        this.pinned = to
      }
    } else if (status === 'RollbackInProgress') {
      if (this.fates[to] === 'cannot go back') return this.change({ status: 'RollbackFailed', reason: 'no room' })
      await this.replaceOne(this.pinned ?? 'nothing')
      this.progress(to, total)
      if (this.left(this.pinned ?? '') === 0) this.change({ status: 'RollbackSuccessful' })
    }
  }

  private progress(to: string, total: number): void {
    const left = this.left(to)
    this.change({ instancesToUpdate: left, percentageComplete: Math.round((100 * (total - left)) / total) })
  }

  private left(imageId: string): number {
    return this.world.machines.filter((machine) => machine.imageId !== imageId).length
  }

  private async replaceOne(imageId: string): Promise<void> {
    const { world } = this
    const old = world.machines.find((machine) => machine.imageId !== imageId)
    const wanted = world.record?.imageId
    if (!old || wanted === undefined) return
    this.want(imageId)
    await simulatedPlatform(world).launch(1)
    world.machines = world.machines.filter((machine) => machine !== old)
    this.want(wanted)
  }

  private want(imageId: string): void {
    if (this.world.record) this.world.record.imageId = imageId
  }
}

type RefreshPlatform = RefreshTask['platform']

const joined = (platform: Platform, refresh: Refresh): RefreshPlatform => Object.assign({}, platform, { refresh })

/** A group of `size` instances of i1, and the platform that can replace them. */
async function serving(size = 3): Promise<{ world: World; aws: Aws }> {
  const world = simulatedWorld({ images })
  const platform = simulatedPlatform(world)
  await platform.createGroup('i1', size)
  await platform.launch(size)
  await world.clock.sleep(120_000)
  return { world, aws: new Aws(world) }
}

function task({ world, aws }: { world: World; aws: Aws }, change: Partial<RefreshTask> = {}): RefreshTask {
  const { probe, clock } = world
  const platform = joined(simulatedPlatform(world), aws)
  return { platform, image: 'i2', policy, probe, clock, progress: recordedProgress(), ...change }
}

const imagesOf = (world: World) => world.machines.map(({ imageId }) => imageId)

/** Nothing of the refresh is left: the group follows the newest version, whose image has won, and the lock is free. */
function settledOn(t: Test, { world, aws }: { world: World; aws: Aws }, imageId: string): void {
  t.equal(world.record?.imageId, imageId)
  t.equal(aws.pinned, undefined)
  t.equal(world.lock, undefined)
  t.equal(world.record?.roll, undefined)
}

t.test('a roll by the platform', async (t) => {
  const all = await serving()
  const progress = recordedProgress()
  const result = await refreshGroup(task(all, { progress }))
  t.match(result, { outcome: 'rolled', image: 'i2', replaced: [{ from: 'm1' }, { from: 'm2' }, { from: 'm3' }] })
  t.equal(result.reason, undefined)
  t.ok(result.seconds >= 180)
  t.same(imagesOf(all.world), ['i2', 'i2', 'i2'])
  settledOn(t, all, 'i2')
  t.equal(all.world.record?.previousImageId, 'i1')
  t.same(progress.lines, [
    'rolling 3 of 3 instances to i2 by an instance refresh',
    'instance refresh: 0 %, 3 instances left',
    'instance refresh: 33 %, 2 instances left',
    'instance refresh: 67 %, 1 instance left',
    'instance refresh: done',
  ])
  t.match(all.aws.started, [{ imageId: 'i2', from: 'i1', policy, size: 3, heedsAlarms: true }])
  t.match(await refreshGroup(task(all)), { outcome: 'unchanged', image: 'i2', replaced: [] })
  t.equal(all.aws.started.length, 1)
  t.match(await refreshGroup(task(all, { policy: { ...policy, force: true } })), { outcome: 'rolled' })
  t.match(await refreshGroup(await asRollback(task(all))), { outcome: 'rolled', image: 'i1' })
  t.match(all.aws.started.at(-1), { imageId: 'i1', from: 'i2', heedsAlarms: false })
})

t.test('a checkpoint is told once', async (t) => {
  const all = await serving(4)
  const progress = recordedProgress()
  const platform = joined(simulatedPlatform(all.world), all.aws)
  const begin = all.aws.begin.bind(all.aws)
  all.aws.begin = (to, from) => {
    begin(to, from)
    all.aws.change({ checkpoints: [25, 100] })
  }
  t.match(await refreshGroup(task(all, { progress, platform })), { outcome: 'rolled' })
  const waits = progress.lines.filter((line) => line.startsWith('checkpoint'))
  t.same(waits, ['checkpoint of 25 % reached: waiting 300 s'])
})

t.test('what the platform takes back is rolled back', async (t) => {
  const all = await serving()
  all.aws.fates = { i2: 'rolls back' }
  const progress = recordedProgress()
  t.match(await refreshGroup(task(all, { progress })), {
    outcome: 'rolled-back',
    image: 'i1',
    reason: 'an alarm',
    replaced: [],
  })
  t.same(imagesOf(all.world), ['i1', 'i1', 'i1'])
  settledOn(t, all, 'i1')
  t.equal(all.world.record?.previousImageId, undefined)
  t.same(progress.lines.slice(2), [
    'instance refresh rolls back: 33 % left to undo: an alarm',
    'instance refresh rolled back: an alarm',
  ])
})

t.test('what the platform cannot take back needs a person, and either engine finishes the rollback', async (t) => {
  for (const fate of ['fails', 'cannot go back'] as const) {
    for (const engine of [rollGroup, refreshGroup]) {
      const all = await serving()
      all.aws.fates = { i2: fate }
      const failure = await refreshGroup(task(all)).catch((error) => error)
      const reason = fate === 'fails' ? 'no health' : 'no room'
      t.match(failure, { kind: 'failed', message: `the instance refresh to i2 failed: ${reason}` })
      t.match(failure.hint, /npm run roll rolls back to i1/)
      t.match(all.world.record, { imageId: 'i1', roll: { imageId: 'i2', rollingBack: true, reason } })
      t.equal(all.aws.pinned, undefined, 'new instances come with what served before')
      t.equal(isRefreshing(await simulatedPlatform(all.world).group()), false, 'so the own engine may go on')
      t.match(await engine(task(all, { image: undefined })), { outcome: 'rolled-back', image: 'i1', reason })
      t.same(imagesOf(all.world), ['i1', 'i1', 'i1'])
      settledOn(t, all, 'i1')
      const back = { imageId: 'i1', from: undefined, heedsAlarms: false }
      if (engine === refreshGroup) t.match(all.aws.started.at(-1), back)
    }
  }
})

t.test('what somebody cancelled is carried on', async (t) => {
  const all = await serving()
  const running = refreshGroup(task(all))
  await all.world.clock.sleep(90_000)
  all.aws.change({ status: 'Cancelled', reason: undefined })
  const failure = await running.catch((error) => error)
  t.match(failure, { kind: 'failed', message: 'the instance refresh to i2 failed: the instance refresh is Cancelled' })
  t.match(failure.hint, /npm run roll carries on, npm run rollback goes back/)
  t.match(await refreshGroup(task(all, { image: undefined })), { outcome: 'rolled', image: 'i2' })
  settledOn(t, all, 'i2')
})

/** A client that stops following after `ms`. */
async function stoppedAfter(all: { world: World; aws: Aws }, ms: number): Promise<OperatorError> {
  const stop = new AbortController()
  const running = refreshGroup(task(all, { signal: stop.signal })).catch((error) => error)
  await all.world.clock.sleep(ms)
  stop.abort()
  return running as Promise<OperatorError>
}

t.test('Ctrl-C ends the following, not the refresh; the same command follows it again', async (t) => {
  const all = await serving()
  const stopped = await stoppedAfter(all, 70_000)
  t.match(stopped, { kind: 'interrupted', message: 'no longer following the instance refresh to i2, which continues' })
  t.match(stopped.hint, /roll -- --engine refresh follows it, npm run rollback -- --engine refresh rolls it back/)
  t.equal(all.world.lock, undefined)
  t.equal(isRefreshing(await simulatedPlatform(all.world).group()), true)
  const progress = recordedProgress()
  t.match(await refreshGroup(task(all, { progress, image: undefined })), { outcome: 'rolled', image: 'i2' })
  t.equal(progress.lines[0], 'following the instance refresh to i2')
  t.equal(all.aws.started.length, 1)
  settledOn(t, all, 'i2')
})

t.test('another image while one is under way is refused', async (t) => {
  const all = await serving()
  await stoppedAfter(all, 70_000)
  const before = JSON.stringify(all.world.record)
  const refusal = await refreshGroup(task(all, { image: 'i3' })).catch((error) => error)
  t.match(refusal, { kind: 'refused', message: 'an instance refresh to i2 is under way (33 %)' })
  t.match(refusal.hint, /follows it; .* rolls it back/)
  t.equal(JSON.stringify(all.world.record), before)
})

t.test('rollback rolls back the refresh under way', async (t) => {
  const all = await serving()
  await stoppedAfter(all, 70_000)
  const progress = recordedProgress()
  t.match(await refreshGroup(await asRollback(task(all, { progress }))), { outcome: 'rolled', image: 'i1' })
  t.equal(progress.lines[0], 'rolling back the instance refresh to i2')
  t.same(imagesOf(all.world), ['i1', 'i1', 'i1'])
  t.equal(all.aws.started.length, 1, 'by the platform itself')
  settledOn(t, all, 'i1')
  t.equal(all.world.record?.previousImageId, 'i2')
})

t.test('a rollback that comes too late rolls to what served before', async (t) => {
  const all = await serving()
  await stoppedAfter(all, 70_000)
  const rollBack = all.aws.rollBack.bind(all.aws)
  all.aws.rollBack = async () => {
    await all.world.clock.sleep(600_000)
    return rollBack()
  }
  t.match(await refreshGroup(await asRollback(task(all))), { outcome: 'rolled', image: 'i1' })
  t.match(all.aws.started, [{ imageId: 'i2' }, { imageId: 'i1', from: 'i2' }])
  settledOn(t, all, 'i1')
})

t.test('a refresh that ended while nobody followed', async (t) => {
  const same = await serving()
  await stoppedAfter(same, 70_000)
  await same.world.clock.sleep(600_000)
  t.match(await refreshGroup(task(same)), { outcome: 'rolled', image: 'i2' })
  settledOn(t, same, 'i2')

  const other = await serving()
  await stoppedAfter(other, 70_000)
  await other.world.clock.sleep(600_000)
  t.match(await refreshGroup(task(other, { image: 'i3' })), { outcome: 'rolled', image: 'i3' })
  t.match(other.aws.started.at(-1), { imageId: 'i3', from: 'i2' })
  settledOn(t, other, 'i3')
  t.equal(other.world.record?.previousImageId, 'i2')

  const failed = await serving()
  failed.aws.fates = { i2: 'fails' }
  await stoppedAfter(failed, 20_000)
  await failed.world.clock.sleep(600_000)
  const progress = recordedProgress()
  t.match(await refreshGroup(task(failed, { image: 'i3', progress })), { outcome: 'rolled', image: 'i3' })
  t.ok(progress.lines.includes('warning: the instance refresh to i2 failed: no health'))
  t.match(failed.aws.started.at(-1), { imageId: 'i3', from: 'i1' })
})

t.test("somebody else's refresh is left alone", async (t) => {
  const all = await serving()
  all.aws.begin('i3', undefined)
  const refusal = await refreshGroup(task(all)).catch((error) => error)
  t.match(refusal, {
    kind: 'refused',
    message: /^an instance refresh to i3 .*, which bakeroll did not start$/,
    hint: /cancel-instance-refresh/,
  })
  t.match(await refreshGroup(task(all, { image: 'i1' })).catch((error) => error), { kind: 'refused' })
  t.equal(all.world.record?.roll, undefined)
})

t.test('a start that is refused is put back', async (t) => {
  const all = await serving()
  all.aws.start = async (spec) => {
    all.aws.pinned = spec.from
    throw new OperatorError('refused', 'LimitExceeded: too many')
  }
  const failure = await refreshGroup(task(all)).catch((error) => error)
  t.match(failure, { kind: 'put-back', message: 'no instance refresh was started: LimitExceeded: too many' })
  settledOn(t, all, 'i1')
})

t.test('a start whose answer is lost is followed', async (t) => {
  const all = await serving()
  const start = all.aws.start.bind(all.aws)
  all.aws.start = async (spec) => {
    await start(spec)
    throw new OperatorError('failed', 'StartInstanceRefresh: TimeoutError')
  }
  t.match(await refreshGroup(task(all)), { outcome: 'rolled', image: 'i2' })
  settledOn(t, all, 'i2')
})

t.test('what takes too long is rolled back, and the rollback has its own limit', async (t) => {
  const slow = { ...policy, timeoutSeconds: 100 }
  const all = await serving(2)
  const result = await refreshGroup(task(all, { policy: { ...slow } }))
  t.match(result, { outcome: 'rolled-back', image: 'i1', reason: /^not finished after 10\d s$/ })
  settledOn(t, all, 'i1')

  const stuck = await serving()
  stuck.aws.rollBack = async () => {
    stuck.aws.change({ status: 'RollbackInProgress', sinceMs: Number.POSITIVE_INFINITY })
    return 'rolling back'
  }
  const late = await refreshGroup(task(stuck, { policy: slow })).catch((error) => error)
  t.match(late, { kind: 'failed', message: /^the rollback is not finished after 10\d s: instance refresh rolls back/ })
  t.match(late.hint, /^the instance refresh continues: /)
})

t.test('a look that fails ends the following only', async (t) => {
  const all = await serving()
  const look = all.aws.look.bind(all.aws)
  let looks = 0
  all.aws.look = async () => {
    if (++looks === 4) throw new OperatorError('refused', 'ExpiredToken', { hint: 'aws sso login' })
    return look()
  }
  const failure = await refreshGroup(task(all)).catch((error) => error)
  t.match(failure, {
    kind: 'failed',
    message: 'ExpiredToken',
    hint: /^aws sso login; the instance refresh continues: npm run/,
  })
  t.match(await refreshGroup(task(all)), { outcome: 'rolled' })
})

t.test('platforms without one, and dry runs', async (t) => {
  const all = await serving()
  const platform = simulatedPlatform(all.world)
  await t.rejects(refreshGroup(task(all, { platform })), {
    kind: 'usage',
    message: 'simulator has no instance refresh',
  })
  const planned = await refreshGroup(task(all, { dryRun: true }))
  t.equal(planned.outcome, 'planned')
  t.ok((planned.steps ?? []).length > 6)
  t.equal(all.aws.started.length, 0)
})

/** The platform and its refresh, of a client that is killed at its `nth` call of either. */
function killedAt({ world, aws }: { world: World; aws: Aws }, nth: number, when: 'before' | 'after'): RefreshPlatform {
  const flat = Object.assign(simulatedPlatform(world, 'first'), {
    start: (spec: RefreshSpec) => aws.start(spec),
    look: () => aws.look(),
    rollBack: () => aws.rollBack(),
    end: (imageId: string) => aws.end(imageId),
  })
  const crashing = crashingAt(world, flat, 'first', nth, when) as typeof flat
  return new Proxy(crashing, {
    get: (target, name) => (name === 'refresh' ? target : Reflect.get(target, name)),
  }) as RefreshPlatform
}

t.test('a client killed anywhere is carried on to the same end', async (t) => {
  const story = async (fates: Record<string, Fate>, back: boolean, expected: string) => {
    for (const when of ['before', 'after'] as const) {
      for (let nth = 1; ; nth++) {
        const all = await serving(2)
        await refreshGroup(task(all))
        await rollGroup(task(all, { image: 'i1' }))
        all.aws.fates = fates
        if (back) await stoppedAfter(all, 70_000)
        const again = back ? { image: 'i1' } : {}
        const platform = killedAt(all, nth, when)
        const killed = await refreshGroup(task(all, { ...again, platform, pollMs: 30_000 })).then(
          () => false,
          (error) => error instanceof ClientKilled || Promise.reject(error),
        )
        if (killed) await refreshGroup(task(all, { ...again, pollMs: 30_000 }))
        const { world, aws } = all
        const end = `${imagesOf(world)} ${world.record?.imageId} ${world.record?.roll ?? ''}${aws.pinned ?? ''}`
        if (end !== expected || world.lock) return t.fail(`killed ${when} ${nth}: ${end}, expected ${expected}`)
        if (!killed) {
          t.ok(nth > 12, `${nth} calls, each survived`)
          break
        }
      }
    }
  }
  await story({}, false, 'i2,i2 i2 ')
  await story({}, true, 'i1,i1 i1 ')
  await story({ i2: 'rolls back' }, false, 'i1,i1 i1 ')
})
