import type { Fault, FaultOf, FaultProxy, RecordedCall } from './fault-proxy.ts'

/** A story that AWS hears through the proxy: `prepare` is what it finds, made without faults; `tell` is what is watched. */
export interface Story<Result = unknown> {
  prepare(): Promise<void>
  tell(): Promise<Result>
}

/** How a story went with one of its calls broken. */
export interface Ending<Result = unknown> {
  /** The broken action, `ec2:DescribeInstances`. */
  readonly action: string
  /** What the story threw; undefined when it ended well. */
  readonly error: unknown
  /** What the story gave. */
  readonly result: Result | undefined
  readonly calls: readonly RecordedCall[]
}

/**
 * Tells a story once as it is, then once for each distinct action of its calls with the fault on that one, and hands every
 * ending to `assertion`. Gives the actions, in the order of their first call. Throws when the story does not end well by
 * itself, or when it does not come to an action again.
 */
export async function forEachCall<Result>(
  proxy: FaultProxy,
  story: Story<Result>,
  fault: Fault | FaultOf,
  assertion: (ending: Ending<Result>) => void | Promise<void>,
): Promise<string[]> {
  await prepare(proxy, story)
  await story.tell()
  const actions = proxy.actions()
  for (const action of actions) {
    await prepare(proxy, story)
    proxy.rules.set(action, fault)
    const ending = await story.tell().then(
      (result) => ({ result, error: undefined }),
      (error: unknown) => ({ result: undefined, error }),
    )
    const calls = [...proxy.calls]
    if (!calls.some(({ isFaulty }) => isFaulty)) throw new Error(`the story never came to ${action}`)
    proxy.rules.clear()
    await assertion({ action, ...ending, calls })
  }
  return actions
}

async function prepare(proxy: FaultProxy, story: Story): Promise<void> {
  proxy.reset()
  await story.prepare()
  proxy.reset()
}
