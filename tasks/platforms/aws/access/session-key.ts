import type { Aws } from '../clients.ts'

/** A pushed key is good for 60 s; after half of that it is pushed again, so that a slow connection still finds it. */
const freshMs = 30_000

/**
 * Lets a public key log in at instances for the next minute
 * (https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html).
 */
export interface SessionKeys {
  /** Safe to call before every connection: a key that was pushed just now is not pushed again. */
  push(instanceId: string, user: string): Promise<void>
}

/** Pushes this key; `now` is the clock, milliseconds. */
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
