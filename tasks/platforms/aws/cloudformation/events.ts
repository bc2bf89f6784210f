import { paginateDescribeStackEvents, type StackEvent } from '@aws-sdk/client-cloudformation'
import type { Aws } from '../clients.ts'

/** An event of a stack or of one of its resources. */
export interface ResourceEvent {
  readonly id: string
  /** Unix time in milliseconds, by AWS's clock. */
  readonly atMs: number
  readonly logicalId: string
  readonly physicalId: string
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly isOfStack: boolean
  /** The request token of the client that began the operation. */
  readonly token: string
}

export async function newestEvent(aws: Aws, stack: string): Promise<string | undefined> {
  for await (const { StackEvents = [] } of pages(aws, stack)) return StackEvents[0]?.EventId
  return undefined
}

/** Events after `afterId`, oldest first; all of them when it is undefined. */
export async function eventsAfter(aws: Aws, stack: string, afterId: string | undefined): Promise<ResourceEvent[]> {
  const found: ResourceEvent[] = []
  for await (const { StackEvents = [] } of pages(aws, stack)) {
    const end = StackEvents.findIndex(({ EventId }) => EventId === afterId)
    found.push(...(end < 0 ? StackEvents : StackEvents.slice(0, end)).map(resourceEventOf))
    if (end >= 0) break
  }
  return found.reverse()
}

/** The events of the latest operation, oldest first. */
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

/** When and by whom an operation was begun: `since 2026-11-21 12:03:11 UTC, by a bakeroll deploy`. */
export function beginningOf(events: readonly ResourceEvent[]): string {
  const first = events.find(isBeginning)
  if (!first) return ''
  const since = `since ${new Date(first.atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  const [, ours] = /^bakeroll-([a-z]+)-/.exec(first.token) ?? []
  if (ours !== undefined) return `${since}, by a bakeroll ${ours}`
  if (first.token.startsWith('Console-')) return `${since}, by the AWS console`
  return first.token === '' ? since : `${since}, by ${first.token}`
}

/** A rollback is part of the operation that failed. */
function isBeginning({ isOfStack, status }: ResourceEvent): boolean {
  return isOfStack && /^(CREATE|UPDATE|DELETE|IMPORT)_IN_PROGRESS$/.test(status)
}

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
