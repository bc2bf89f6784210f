import type { Aws } from '../clients.ts'

/** A pushed key is valid for 60 s. It is pushed again after half of that, so that a slow connection still finds it. */
const freshMs = 30_000

/**
 * Lets a public key log in to instances for the next minute
 * (https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html).
 */
export interface SessionKeys {
  /** Call it before every connection: a key that was just pushed is not pushed again. */
  push(instanceId: string, user: string): Promise<void>
}

/** `now`: Unix time in milliseconds. */
export function openSessionKeys(
  aws: Pick<Aws, 'open'>,
  publicKey: () => Promise<string>,
  now: () => number = Date.now,
): SessionKeys {
  const pushed = new Map<string, { atMs: number; done: Promise<void> }>()
  const client = once(async () => {
    const { EC2InstanceConnectClient } = await import('@aws-sdk/client-ec2-instance-connect')
    return aws.open(EC2InstanceConnectClient)
  })
  const send = async (InstanceId: string, InstanceOSUser: string) => {
    const { SendSSHPublicKeyCommand } = await import('@aws-sdk/client-ec2-instance-connect')
    const request = { InstanceId, InstanceOSUser, SSHPublicKey: await publicKey() }
    await (await client()).send(new SendSSHPublicKeyCommand(request))
  }
  return {
    async push(id, user) {
      const last = pushed.get(id)
      if (last && now() - last.atMs < freshMs) return last.done
      const done = send(id, user)
      pushed.set(id, { atMs: now(), done })
      done.catch(() => pushed.delete(id))
      return done
    },
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
