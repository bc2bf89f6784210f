import { paginateDescribeStackEvents, type StackEvent } from '@aws-sdk/client-cloudformation'
import type { Aws } from '../clients.ts'

/** One thing that CloudFormation told about a stack or a resource of it. */
export interface ResourceEvent {
  readonly id: string
  /** Unix time in milliseconds, by AWS's clock. */
  readonly atMs: number
  readonly logicalId: string
  readonly physicalId: string
  readonly type: string
  readonly status: string
  readonly reason: string
  /** Whether it is about the stack itself. */
  readonly isOfStack: boolean
  /** What the client that began the operation called it. */
  readonly token: string
}

/** The newest event's id; undefined when there is none. */
export async function newestEvent(aws: Aws, stack: string): Promise<string | undefined> {
  for await (const { StackEvents = [] } of pages(aws, stack)) return StackEvents[0]?.EventId
  return undefined
}

/** What happened after the event `afterId`, oldest first; all that is known without it. */
export async function eventsAfter(aws: Aws, stack: string, afterId: string | undefined): Promise<ResourceEvent[]> {
  const found: ResourceEvent[] = []
  for await (const { StackEvents = [] } of pages(aws, stack)) {
    const end = StackEvents.findIndex(({ EventId }) => EventId === afterId)
    found.push(...(end < 0 ? StackEvents : StackEvents.slice(0, end)).map(resourceEventOf))
    if (end >= 0) break
  }
  return found.reverse()
}

/** The events of the newest operation on the stack, oldest first: from its beginning until now. */
export async function newestOperation(aws: Aws, stack: string): Promise<ResourceEvent[]> {
  const found: ResourceEvent[] = []
  for await (const { StackEvents = [] } of pages(aws, stack)) {
    const page = StackEvents.map(resourceEventOf)
    const beginning = page.findIndex(isBeginning)
    found.push(...(beginning < 0 ? page : page.slice(0, beginning + 1)))
    if (beginning >= 0) break
  }
  return found.reverse()
}

/** Who began an operation, as far as its events tell: `since 12:03:11 UTC, by bakeroll deploy`. */
export function beginningOf(events: readonly ResourceEvent[]): string {
  const first = events.find(isBeginning)
  if (!first) return ''
  const since = `since ${new Date(first.atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  const [, ours] = /^bakeroll-([a-z]+)-/.exec(first.token) ?? []
  if (ours !== undefined) return `${since}, by a bakeroll ${ours}`
  if (first.token.startsWith('Console-')) return `${since}, by the AWS console`
  return first.token === '' ? since : `${since}, by ${first.token}`
}

/** The event by which an operation begins: a rollback is no operation of its own. */
function isBeginning({ isOfStack, status }: ResourceEvent): boolean {
  return isOfStack && /^(CREATE|UPDATE|DELETE|IMPORT)_IN_PROGRESS$/.test(status)
}

/** An event in our words. */
export function resourceEventOf(event: StackEvent): ResourceEvent {
  return {
    id: event.EventId ?? '',
    atMs: event.Timestamp?.getTime() ?? 0,
    logicalId: event.LogicalResourceId ?? '',
    physicalId: event.PhysicalResourceId ?? '',
    type: event.ResourceType ?? '',
    status: event.ResourceStatus ?? '',
    reason: event.ResourceStatusReason ?? '',
    isOfStack: event.PhysicalResourceId === event.StackId,
    token: event.ClientRequestToken ?? '',
  }
}

function pages(aws: Aws, StackName: string) {
  return paginateDescribeStackEvents({ client: aws.cloudFormation }, { StackName })
}
