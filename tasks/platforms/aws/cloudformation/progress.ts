import type { ResourceEvent } from './events.ts'

/** Resources in progress: the newest event of each, in order of their start. */
export function unfinished(events: readonly ResourceEvent[]): ResourceEvent[] {
  const newest = new Map<string, ResourceEvent>()
  for (const event of events) {
    if (event.isOfStack) continue
    if (!event.status.endsWith('_IN_PROGRESS')) newest.delete(event.logicalId)
    else if (newest.get(event.logicalId)?.status !== event.status) newest.set(event.logicalId, event)
  }
  return [...newest.values()]
}

/** Resources in progress and for how long, one line each. */
export function liveLines(events: readonly ResourceEvent[], elapsedMs: (eventId: string) => number): string[] {
  const records = new Map(events.flatMap((event) => awaitedRecords([event]).map((record) => [event.logicalId, record])))
  return unfinished(events).map(({ id, logicalId, type, status }) => {
    const record = records.get(logicalId)
    const waits = record === undefined ? '' : `, waits for ${record}`
    const seconds = Math.round(elapsedMs(id) / 1000)
    return `  ${doing(status)} ${logicalId} (${shortType(type)}) ${seconds} s${waits}`
  })
}

/** A line for a resource that finished or failed; undefined for other events. */
export function eventLine({ isOfStack, logicalId, type, status, reason }: ResourceEvent): string | undefined {
  const done = doneWords[status]
  if (isOfStack || done === undefined) return undefined
  const why = status.endsWith('_FAILED') && reason !== '' ? `: ${reason}` : ''
  return `${done} ${logicalId} (${shortType(type)})${why}`
}

/**
 * The DNS records that certificates wait for, in words. CloudFormation puts them in the reason of the resource's event
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-certificatemanager-certificate.html).
 */
export function awaitedRecords(events: readonly ResourceEvent[]): string[] {
  const certificates = events.filter(({ type }) => type === 'AWS::CertificateManager::Certificate')
  const finished = new Set(
    certificates.filter(({ status }) => !status.endsWith('_IN_PROGRESS')).map(({ logicalId }) => logicalId),
  )
  const waiting = certificates.filter(({ logicalId }) => !finished.has(logicalId))
  const found = waiting.flatMap(({ reason }) => {
    const [, name, type, value] = /\{Name: ?([^,\s]+), ?Type: ?(\w+), ?Value: ?([^},\s]+)/.exec(reason) ?? []
    return name === undefined ? [] : [`the DNS record ${name} ${type} ${value}`]
  })
  return [...new Set(found)]
}

/** `EC2::VPC` for `AWS::EC2::VPC`. */
export function shortType(type: string): string {
  return type.replace(/^AWS::/, '')
}

const doneWords: Readonly<Record<string, string>> = {
  CREATE_COMPLETE: 'created',
  CREATE_FAILED: 'failed to create',
  UPDATE_COMPLETE: 'updated',
  UPDATE_FAILED: 'failed to update',
  DELETE_COMPLETE: 'deleted',
  DELETE_FAILED: 'failed to delete',
  DELETE_SKIPPED: 'kept',
  IMPORT_COMPLETE: 'took over',
  IMPORT_FAILED: 'failed to take over',
}

function doing(status: string): string {
  if (status.startsWith('CREATE')) return 'creating'
  if (status.startsWith('DELETE')) return 'deleting'
  return status.startsWith('IMPORT') ? 'taking over' : 'updating'
}
