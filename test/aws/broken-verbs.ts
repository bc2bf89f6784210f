import { isDeepStrictEqual } from 'node:util'
import { DeleteParametersCommand } from '@aws-sdk/client-ssm'
import type { Test } from 'tap'
import { forEachCall, type Story } from './each-call.ts'
import type { Fault, FaultOf } from './fault-proxy.ts'
import { denied } from './faults.ts'
import { assertAtRest, assertClear, type Snapshot, type VerbGroup } from './verb-group.ts'
import type { VerbEnd } from './verb-runs.ts'

/** A verb on a group, told again and again with one of its calls broken. */
export interface VerbStory extends Story<VerbEnd> {
  /** The size of the group when the verb has succeeded; undefined when there is none then. */
  readonly size: number | undefined
  /** Actions whose refusal the verb says otherwise, or does without: what its failure then says, nothing when it has none. */
  readonly exceptions?: Readonly<Record<string, RegExp | 'no failure'>>
}

/**
 * Takes the permission for each call of a verb away in turn. Every end names the action and says what to do; 3 means that nothing was
 * changed; the lock is given back; and the same command, allowed everything, then succeeds and leaves the group at rest.
 */
export async function eachPermission(t: Test, group: VerbGroup, story: VerbStory): Promise<string[]> {
  let before: Snapshot | undefined
  const tell = async () => {
    before = await group.snapshot()
    return story.tell()
  }
  return forEachCall(group.proxy, { prepare: story.prepare, tell }, denied, async ({ action, result, error }) => {
    if (!result) throw error
    assertClear(t, result, action)
    const exception = story.exceptions?.[action]
    if (exception === 'no failure') t.equal(result.exitCode, 0, action)
    else t.match(whyNot(result), exception ?? `is not authorized to perform: ${action}`, action)
    const isUntouched = isDeepStrictEqual(await group.snapshot(), before)
    if (result.exitCode === 3) t.ok(isUntouched, `${action}: refused, so nothing is touched`)
    await givenBack(t, group, action)
    if (result.exitCode === 3 && isUntouched) return
    await succeedsAgain(t, group, story, action)
  })
}

/** Breaks each call of a verb in turn with a fault that passes: the verb succeeds all the same, or the next time. */
export async function eachPassingFault(
  t: Test,
  group: VerbGroup,
  story: VerbStory,
  fault: Fault | FaultOf,
  says?: RegExp,
): Promise<string[]> {
  return forEachCall(group.proxy, story, fault, async ({ action, result, error }) => {
    if (!result) throw error
    assertClear(t, result, action)
    if (!says) t.equal(result.exitCode, 0, `${action}: ${result.stderr}`)
    else if (result.exitCode !== 0) t.match(whyNot(result), says, action)
    await givenBack(t, group, action)
    if (result.exitCode !== 0) await succeedsAgain(t, group, story, action)
    else if (story.size !== undefined) await assertAtRest(t, group, story.size, action)
  })
}

/** Breaks each call of status, then of a roll there and back on a group of one, once in turn. */
export async function statusAndRoll(t: Test, group: VerbGroup, fault: Fault, says: RegExp): Promise<void> {
  const { run, images } = group
  const once = { ...fault, times: 1 }
  await t.test('status', async (t) => {
    const story = { size: 1, prepare: async () => {}, tell: () => run('status') }
    const actions = await eachPassingFault(t, group, story, once, says)
    t.equal(actions.length, 8, actions.join(' '))
  })
  await t.test('roll', async (t) => {
    const wanted = [...images]
    if ((await run('status')).facts.group.imageId === images[1]) wanted.reverse()
    const prepare = async () => void wanted.reverse()
    await eachPassingFault(
      t,
      group,
      { size: 1, prepare, tell: () => run('roll', '--image', wanted[0] ?? '') },
      once,
      says,
    )
  })
}

async function succeedsAgain(t: Test, group: VerbGroup, story: VerbStory, action: string): Promise<void> {
  const again = await story.tell()
  t.equal(again.exitCode, 0, `${action}, and again: ${again.stderr}`)
  if (story.size !== undefined) await assertAtRest(t, group, story.size, action)
}

/** A lock can only stay where it may not be given back; the next client finds its owner dead, which this process is not. */
async function givenBack(t: Test, { aws, locks }: VerbGroup, action: string): Promise<void> {
  const left = await locks()
  if (action !== 'ssm:DeleteParameters') t.same(left, [], `${action}: the lock`)
  else if (left.length > 0) await aws.ssm.send(new DeleteParametersCommand({ Names: left }))
}

/** The failure, or why a verb that ended in order was not able to do what it should. */
function whyNot({ errors, facts }: VerbEnd): string {
  return [...errors, facts.reason, JSON.stringify(facts.instances ?? '')].filter(Boolean).join('\n')
}
