import { setTimeout as sleep } from 'node:timers/promises'
import { type Filter, ModifyInstanceMetadataOptionsCommand, paginateDescribeInstances } from '@aws-sdk/client-ec2'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'

/**
 * While `work` runs, makes IMDSv2 tokens mandatory (one hop) on every machine that `machine` matches, as soon as it
 * runs: Packer 1.6 cannot. Stops the work when AWS refuses. Returns the ids of the machines besides the work's result.
 */
export async function requireTokensDuring<T>(
  aws: Aws,
  machine: Filter,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ result: T; machines: string[] }> {
  const isOver = new AbortController()
  const isRefused = new AbortController()
  const watching = watch(aws, machine, isOver.signal).catch((error) => {
    isRefused.abort()
    throw error
  })
  // Awaited below; this avoids an unhandled rejection until then.
  watching.catch(() => {})
  const [worked] = await Promise.allSettled([work(AbortSignal.any([signal, isRefused.signal]))])
  isOver.abort()
  const machines = await watching
  if (worked.status === 'rejected') throw worked.reason
  return { result: worked.value, machines }
}

async function watch(aws: Aws, machine: Filter, isOver: AbortSignal): Promise<string[]> {
  const done = new Set<string>()
  while (!isOver.aborted) {
    for (const id of await runningMachines(aws, machine)) {
      if (!done.has(id) && (await requireTokens(aws, id))) done.add(id)
    }
    // Poll fast until the machine is up; nothing of ours runs on it before SSH answers.
    await sleep(done.size === 0 ? 1000 : 5000, undefined, { signal: isOver }).catch(() => {})
  }
  return [...done]
}

async function runningMachines(aws: Aws, machine: Filter): Promise<string[]> {
  const Filters = [machine, { Name: 'instance-state-name', Values: ['running'] }]
  const pages = await Array.fromAsync(paginateDescribeInstances({ client: aws.ec2 }, { Filters }))
  const machines = pages.flatMap(({ Reservations = [] }) => Reservations).flatMap(({ Instances = [] }) => Instances)
  return machines.map(({ InstanceId = '' }) => InstanceId)
}

/** False when the machine's state does not allow it yet, or any more. */
async function requireTokens(aws: Aws, InstanceId: string): Promise<boolean> {
  try {
    await aws.ec2.send(
      new ModifyInstanceMetadataOptionsCommand({
        InstanceId,
        HttpTokens: 'required',
        HttpPutResponseHopLimit: 1,
        HttpEndpoint: 'enabled',
      }),
    )
    return true
  } catch (error) {
    if (isAwsError(error, 'IncorrectInstanceState', 'IncorrectState', 'InvalidInstanceID.NotFound')) return false
    throw error
  }
}
