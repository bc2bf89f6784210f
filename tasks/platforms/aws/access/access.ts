import { join } from 'node:path'
import { OperatorError } from '../../../lib/errors.ts'
import type { Instance } from '../../../lib/platform.ts'
import { sshArguments } from '../../../tools/ssh.ts'
import { operatorKey } from '../../operator-key.ts'
import type { Aws } from '../clients.ts'
import { assertTunnelsCanOpen, tunnelCommand } from './aws-cli.ts'
import { consoleOutput } from './console.ts'
import { forgetHostKeys, openHostKeys } from './host-keys.ts'
import { openSessionKeys } from './session-key.ts'

/**
 * `endpoint`: through the EC2 Instance Connect endpoint of the network. `direct`: at the private address, over a VPN say.
 * `none`: not at all.
 */
export type AccessMode = 'endpoint' | 'direct' | 'none'

/** What is needed of an instance to reach it. */
export type Reachable = Pick<Instance, 'id' | 'startedAt' | 'ssh'>

/** The way to the instances of a group, which have no public address. */
export interface InstanceAccess {
  readonly mode: AccessMode
  /** Throws a usage error when this computer lacks what the way needs. Cheap after the first call. */
  assertReady(): Promise<void>
  /**
   * The arguments of ssh up to and with the destination, good for a connection that begins within 30 s: they come with a push
   * of the key. Waits at most `waitSeconds` for the instance to show its host key, 300 unless told.
   */
  sshArguments(instance: Reachable, waitSeconds?: number): Promise<string[]>
  /** What the instance wrote to its serial console. */
  consoleOutput(id: string): Promise<string>
  /** Forgets what is known of the instances of a group that is gone. */
  forget(): Promise<void>
}

/** What an access is opened with. */
export interface AccessSettings {
  readonly aws: Pick<Aws, 'ec2' | 'open' | 'region'>
  readonly mode: AccessMode
  /** The folder that holds keys and what is known of hosts. */
  readonly home: string
  readonly group: string
  readonly profile?: string | undefined
  /** The id of the Instance Connect endpoint; when absent, the AWS CLI looks for it at every connection. */
  readonly endpointId?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Told when a wait begins. */
  readonly onWait?: (message: string) => void
}

/** The folder with the host keys of a group's instances. */
export function hostKeyFolder(home: string, group: string): string {
  return join(home, 'aws', group, 'known-hosts')
}

/** Opens the way to the instances of a group. */
export function openAccess(settings: AccessSettings): InstanceAccess {
  const { aws, mode, home, group, signal, onWait } = settings
  const keys = join(home, 'keys')
  const hostKeys = openHostKeys({ folder: hostKeyFolder(home, group), console: (id) => consoleOutput(aws, id) })
  const sessionKeys = openSessionKeys(aws, async () => (await operatorKey({ keys })).publicKey)
  let ready: Promise<void> | undefined
  const assertReady = () => {
    ready ??= mode === 'endpoint' ? assertTunnelsCanOpen() : mode === 'none' ? refuse(group) : Promise.resolve()
    return ready
  }
  return {
    mode,
    assertReady,
    consoleOutput: (id) => consoleOutput(aws, id),
    forget: () => forgetHostKeys(hostKeyFolder(home, group)),
    async sshArguments({ id, startedAt, ssh }, waitSeconds = 300) {
      await assertReady()
      const waiting = { waitSeconds, signal, ...(onWait ? { onWait } : {}) }
      const knownHostsFile = await hostKeys.fileOf({ id, startedAt }, waiting)
      const { privateKeyFile } = await operatorKey({ keys })
      const target = { ...ssh, privateKeyFile, knownHostsFile, hostKeyAlias: id }
      const proxyCommand = mode === 'endpoint' ? tunnelCommand(await tunnelTo(id, settings)) : undefined
      await sessionKeys.push(id, ssh.user)
      return sshArguments(proxyCommand ? { ...target, proxyCommand } : target)
    },
  }
}

async function tunnelTo(instanceId: string, { aws, profile, endpointId }: AccessSettings) {
  return { instanceId, region: await aws.region(), profile, endpointId }
}

async function refuse(group: string): Promise<never> {
  throw new OperatorError('usage', `the instances of group ${group} are not reached over SSH (aws.reach is none)`, {
    hint: 'BAKEROLL_AWS_REACH=endpoint reaches them through the Instance Connect endpoint, direct over a VPN',
  })
}
