import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeAtomically } from '../../../../checker/atomic-file.ts'
import { OperatorError } from '../../../lib/errors.ts'
import type { Instance } from '../../../lib/platform.ts'
import { hostKeyFrom } from '../../../tools/ssh.ts'

/** How long to wait for an instance that has just started. */
export interface Patience {
  readonly waitSeconds: number
  readonly signal?: AbortSignal | undefined
  /** Called once, when the wait begins. */
  readonly onWait?: (message: string) => void
}

/** The SSH host keys of a group's instances, by instance id: addresses are reused, ids never. */
export interface HostKeys {
  /**
   * The known-hosts file of an instance, which names it by its id. Reads the key from the serial console the first
   * time. Throws `failed` when the key does not appear in time.
   */
  fileOf(instance: Pick<Instance, 'id' | 'startedAt'>, patience: Patience): Promise<string>
}

/** EC2 limits how often a console may be read. */
const pollMs = 10_000

/** EC2 may show the console some minutes after the start; a key that is missing by then will not come. */
const latestSeconds = 600

export interface HostKeySource {
  /** Holds one file per instance. */
  readonly folder: string
  readonly console: (id: string) => Promise<string>
  readonly now?: () => number
  readonly pause?: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

export function openHostKeys({ folder, console, now = Date.now, pause = waitFor }: HostKeySource): HostKeys {
  const lookedAtMs = new Map<string, number>()
  const look = async (id: string): Promise<string | undefined> => {
    lookedAtMs.set(id, now())
    const key = hostKeyFrom(await console(id))
    if (key === undefined) return undefined
    const file = join(folder, id)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    writeAtomically(file, `${id} ${key}\n`)
    return file
  }
  return {
    async fileOf({ id, startedAt }, { waitSeconds, signal, onWait }) {
      const file = join(folder, id)
      if (existsSync(file)) return file
      const comesUntilMs = Date.parse(startedAt) + latestSeconds * 1000
      const untilMs = Math.min(now() + waitSeconds * 1000, comesUntilMs)
      for (let waits = 0; ; waits++) {
        const restMs = (lookedAtMs.get(id) ?? Number.NEGATIVE_INFINITY) + pollMs - now()
        const found = restMs > 0 ? undefined : await look(id)
        if (found !== undefined) return found
        if (now() >= untilMs) throw notPublished(id, now() >= comesUntilMs)
        if (waits === 0) onWait?.(`waiting for ${id} to print its SSH host key on its serial console`)
        await pause(Math.max(1, Math.min(restMs > 0 ? restMs : pollMs, untilMs - now())), signal)
      }
    },
  }
}

function notPublished(id: string, isTooLate: boolean): OperatorError {
  if (!isTooLate) {
    return new OperatorError('failed', `${id} has not printed its SSH host key on its serial console yet`, {
      hint: `npm run logs -- --platform aws --instance ${id} shows the console; EC2 shows it minutes late`,
    })
  }
  return new OperatorError('failed', `the serial console of ${id} does not show its SSH host key`, {
    hint: `aws ec2 reboot-instances --instance-ids ${id} makes it show the key again`,
  })
}

async function waitFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {})
  } catch (cause) {
    throw new OperatorError('interrupted', 'the wait for an SSH host key was stopped', { cause })
  }
}

/** Deletes the stored host keys of a group. */
export async function forgetHostKeys(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}
