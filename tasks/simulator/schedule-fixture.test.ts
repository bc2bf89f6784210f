import t from 'tap'
import { checkSchedules, commandOf, type Drawn, schedules } from './schedule-fixture.ts'

/** A broken promise that hangs on nothing but what was drawn. */
const problemOf = async ({ instances, faults }: Drawn) =>
  instances > 3 && faults.includes('spot') ? `${instances} of them` : undefined

async function failure(env: NodeJS.ProcessEnv, runs = 300): Promise<{ message: string; tried: Drawn[] }> {
  const tried: Drawn[] = []
  const watched = async (drawn: Drawn) => {
    tried.push(drawn)
    return problemOf(drawn)
  }
  const message = await checkSchedules(schedules(), watched, { runs, seed: 1, env }).then(
    () => '',
    (error: Error) => error.message,
  )
  return { message, tried }
}

t.test('a schedule that fails is made small, and told as the command that shows it', async (t) => {
  const { message } = await failure({})
  const [problem, command, again] = message.split('\n')
  t.equal(problem, '4 of them')
  t.match(command, /^npm run simulate -- --instances 4 --policy \S+ --faults spot(@\d+%?)? --seed \d+$/)
  t.match(again, /^checked again with BAKEROLL_TEST_SEED=1\/[\d:]+$/)
})

t.test('BAKEROLL_TEST_SEED checks that schedule first', async (t) => {
  const { message } = await failure({})
  const value = message.split('BAKEROLL_TEST_SEED=')[1] ?? ''
  const replayed = await failure({ BAKEROLL_TEST_SEED: value })
  t.equal(replayed.message.split('\n')[0], '4 of them')
  const [first] = replayed.tried
  t.equal(first && commandOf(first), message.split('\n')[1])
  const seedAlone = await failure({ BAKEROLL_TEST_SEED: '1' })
  t.equal(seedAlone.message, message)
})

t.test('BAKEROLL_TEST_SCHEDULES is how many are checked, in proportion', async (t) => {
  const checked = (runs: number, env: NodeJS.ProcessEnv) =>
    checkSchedules(schedules(), async () => undefined, { runs, seed: 1, env })
  t.equal(await checked(300, { BAKEROLL_TEST_SCHEDULES: '7' }), 7)
  t.equal(await checked(60, { BAKEROLL_TEST_SCHEDULES: '100' }), 20)
  t.equal(await checked(5, {}), 5)
})
