import type { StackStatus } from '@aws-sdk/client-cloudformation'
import type { FaultProxy } from './fault-proxy.ts'
import { modelOf } from './recorded-model.ts'
import { encodeOutput } from './recorded-wire.ts'
import { events, type Told } from './stack-answers.ts'

/** The states in which a stack has never stood, and so has no outputs. */
const unborn = /^(CREATE_FAILED|ROLLBACK_\w+|REVIEW_IN_PROGRESS)$/

/** From now on AWS tells that a stack is in this state, until somebody has begun to delete it, or `isOver`. */
export function tellState(
  { rules, calls }: FaultProxy,
  name: string,
  state: StackStatus,
  isOver?: () => boolean,
): void {
  const before = calls.length
  const isDeleted = () => calls.slice(before).some(({ action }) => action === 'DeleteStack')
  const edit = (answer: string) =>
    (unborn.test(state) ? answer.replace(/<Outputs>[\s\S]*?<\/Outputs>/, '<Outputs/>') : answer).replace(
      /<StackStatus>\w+<\/StackStatus>/,
      `<StackStatus>${state}</StackStatus>`,
    )
  rules.set('DescribeStacks', (_, body) =>
    isAbout(name, body) && !(isOver ?? isDeleted)() ? { answer: 'edited', edit } : undefined,
  )
}

/** Once a stack is created AWS tells these events, a list for each time that it is asked; after the last, moto's own again. */
export async function tellCreation(
  { rules }: FaultProxy,
  name: string,
  looks: readonly (readonly Told[])[],
): Promise<void> {
  const model = await modelOf('cloudformation')
  const left = looks.map((told) =>
    encodeOutput(events(told).output ?? {}, 'DescribeStackEvents', model).body.toString(),
  )
  let isBegun = false
  rules.set('ExecuteChangeSet', (_, body) => {
    if (isAbout(name, body)) isBegun = true
    return undefined
  })
  rules.set('DescribeStackEvents', (_, body) => {
    const next = isBegun && isAbout(name, body) ? left.shift() : undefined
    return next === undefined ? undefined : { answer: 'edited', edit: () => next }
  })
}

/** Whether a request asks for the stack by its name or its id. */
function isAbout(name: string, body: string): boolean {
  const asked = new URLSearchParams(body).get('StackName') ?? ''
  return asked === name || asked.includes(`:stack/${name}/`)
}
