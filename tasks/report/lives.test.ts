import t from 'tap'
import type { RollEvent } from '../lib/roll/events.ts'
import { plainPolicy } from '../lib/roll/policy.ts'
import { livesOf } from './lives.ts'

const startMs = Date.UTC(2026, 0, 1)
const at = (second: number) => new Date(startMs + second * 1000).toISOString()
const began = (second: number, force = false): RollEvent => ({
  at: at(second),
  event: 'began',
  group: 'g',
  imageId: 'new',
  previousImageId: 'old',
  size: 1,
  resumed: second > 0,
  policy: { ...plainPolicy, force },
})
const look = (second: number, id: string, words: string): RollEvent => {
  const [image = '', state = '', health = '', ready] = words.split(' ')
  return {
    at: at(second),
    event: 'instance',
    id,
    imageId: image,
    release: image,
    startedAt: at(0),
    isNew: image === 'new',
    ...({ state, health, ready: ready === 'ready' } as { state: 'running'; health: 'healthy'; ready: boolean }),
  }
}
const launch = (second: number): RollEvent => ({
  at: at(second),
  event: 'step',
  step: 'launch',
  count: 1,
  because: 'room',
})
const drain = (second: number, instanceId: string, because = 'ready'): RollEvent => ({
  at: at(second),
  event: 'step',
  step: 'drain',
  instanceId,
  because,
})
/** `booting 0-5, ready 5-9`. */
const told = (events: readonly RollEvent[], id: string) =>
  livesOf(events)
    .find((life) => life.id === id)
    ?.stretches.map(({ phase, fromMs, toMs }) => `${phase} ${(fromMs - startMs) / 1000}-${(toMs - startMs) / 1000}`)
    .join(', ')

t.test('a life has its phases in order and ends when its instance is gone', async (t) => {
  const events = [
    began(0),
    look(0, 'a', 'new pending unused'),
    look(2, 'a', 'new running unused'),
    look(3, 'a', 'new running initial'),
    look(5, 'a', 'new running unhealthy'),
    look(6, 'a', 'new running healthy'),
    look(7, 'a', 'new running healthy ready'),
    look(9, 'a', 'new running draining'),
    look(11, 'a', 'new running unused'),
    look(12, 'a', 'new gone unused'),
    look(20, 'b', 'new stopped unused'),
  ]
  t.equal(
    told(events, 'a'),
    'booting 0-3, starting 3-5, silent 5-6, healthy 6-7, ready 7-9, draining 9-11, drained 11-12',
  )
  t.equal(told(events, 'b'), 'dead 20-20')
  t.strictSame(
    livesOf(events).map(({ isGone }) => isGone),
    [true, false],
  )
})

t.test('a launched instance is not unhealthy until it has been healthy once', async (t) => {
  const events = [
    ...[began(0), look(0, 'before', 'old running unhealthy'), launch(1)],
    ...[look(1, 'young', 'new running unhealthy'), look(4, 'young', 'new running healthy')],
    ...[look(6, 'young', 'new running unhealthy'), look(1, 'never', 'new running unhealthy')],
    ...[look(1, 'waiting', 'new running unhealthy'), look(9, 'never', 'new gone unused')],
  ]
  t.equal(told(events, 'before'), 'unhealthy 0-9', 'it was there before')
  t.equal(told(events, 'young'), 'silent 1-4, healthy 4-6, unhealthy 6-9')
  t.equal(told(events, 'never'), 'unhealthy 1-9', 'it is gone and never was healthy')
  t.equal(told(events, 'waiting'), 'silent 1-9')
})

t.test('an instance that is out of sight for a while has a gap', async (t) => {
  const events = [
    began(0),
    look(0, 'a', 'new running healthy'),
    look(3, 'a', 'new gone unused'),
    look(5, 'a', 'new running healthy'),
    look(9, 'b', 'new pending initial'),
  ]
  t.equal(told(events, 'a'), 'healthy 0-3, healthy 5-9')
})

t.test('an instance that the next run does not list was gone when that run began', async (t) => {
  const events = [
    began(0),
    look(0, 'a', 'old running healthy'),
    look(0, 'b', 'old running healthy'),
    began(8),
    look(9, 'b', 'old running healthy'),
  ]
  t.equal(told(events, 'a'), 'healthy 0-8')
  t.equal(told(events, 'b'), 'healthy 0-9')
  t.equal(told([...events.slice(0, 4)], 'a'), 'healthy 0-8', 'a run that has not looked yet knows nothing')
  t.notOk(livesOf(events.slice(0, 4))[0]?.isGone)
  t.ok(livesOf(events)[0]?.isGone)
})

t.test("roles: there before, on the roll's image, launched to roll back", async (t) => {
  const events = (force: boolean) => [
    began(0, force),
    ...[look(0, 'right', 'new running healthy'), look(0, 'before', 'old running healthy')],
    ...[launch(1), look(1, 'launched', 'new pending initial'), look(7, 'returned', 'old pending initial')],
  ]
  const roles = (force: boolean) => livesOf(events(force)).map(({ id, role }) => `${id} ${role}`)
  t.strictSame(roles(false), ['right new', 'before old', 'launched new', 'returned returned'])
  t.strictSame(roles(true), ['right old', 'before old', 'launched new', 'returned new'], 'all are replaced')
})

t.test('the steps of an instance: the launch that brought it, and each step once', async (t) => {
  const events = [
    ...[began(0), look(0, 'a', 'old running healthy'), launch(1), look(2, 'b', 'new pending initial')],
    ...[drain(3, 'a'), drain(4, 'a'), drain(5, 'a', 'other reason')],
  ]
  t.strictSame(
    livesOf(events).map(({ steps }) =>
      steps.map(({ step, because, atMs }) => [step, because, (atMs - startMs) / 1000]),
    ),
    [
      [
        ['drain', 'ready', 3],
        ['drain', 'other reason', 5],
      ],
      [['launch', 'room', 2]],
    ],
  )
})
