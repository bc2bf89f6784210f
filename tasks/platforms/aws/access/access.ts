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
 * `endpoint`: through the EC2 Instance Connect endpoint of the network. `direct`: at the private address, for example
 * over a VPN. `none`: no access.
 */
export type AccessMode = 'endpoint' | 'direct' | 'none'

export type Reachable = Pick<Instance, 'id' | 'startedAt' | 'ssh'>

/** SSH access to the instances of a group, which have no public address. */
export interface InstanceAccess {
  readonly mode: AccessMode
  /** Throws a usage error when this computer cannot open the connection. Cheap after the first call. */
  assertReady(): Promise<void>
  /**
   * The arguments of ssh up to and including the destination. Pushes the session key, so the connection must begin
   * within 30 s. Waits at most `waitSeconds` (default 300) for the instance to publish its host key.
   */
  sshArguments(instance: Reachable, waitSeconds?: number): Promise<string[]>
  /** The instance's serial console output. */
  consoleOutput(id: string): Promise<string>
  /** Deletes the stored host keys, once the group is gone. */
  forget(): Promise<void>
}

export interface AccessSettings {
  readonly aws: Pick<Aws, 'ec2' | 'open' | 'region'>
  readonly mode: AccessMode
  /** The folder that holds keys and known hosts. */
  readonly home: string
  readonly group: string
  readonly profile?: string | undefined
  /** The id of the Instance Connect endpoint; when absent, the AWS CLI looks for it at every connection. */
  readonly endpointId?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Called when a wait begins. */
  readonly onWait?: (message: string) => void
}

export function hostKeyFolder(home: string, group: string): string {
  return join(home, 'aws', group, 'known-hosts')
}

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
  throw new OperatorError('usage', `no SSH access to the instances of group ${group}: aws.reach is none`, {
    hint: 'set BAKEROLL_AWS_REACH=endpoint (Instance Connect endpoint) or direct (VPN)',
  })
}
