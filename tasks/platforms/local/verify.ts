import { mkdir, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../../lib/errors.ts'
import type { Limits } from '../../lib/pace.ts'
import type { Progress } from '../../lib/progress.ts'
import { bootIdIn, faultIn, imageTest, isSynchronised, remedyFor } from '../../tools/image-test.ts'
import { rebootScript } from '../../tools/inspection.ts'
import { probeInstance } from '../../tools/probe.ts'
import { runOver, sshArguments } from '../../tools/ssh.ts'
import type { Home } from '../home.ts'
import { operatorKey } from '../operator-key.ts'
import type { ServiceTest } from '../service.ts'
import type { ImageRecord } from './images.ts'
import {
  consoleOf,
  type InstanceRecord,
  instanceRuns,
  knownHostsOf,
  launchInstance,
  type MachineSettings,
  terminateInstance,
} from './instances.ts'
import { localSecrets } from './secrets.ts'

export interface Verification {
  readonly home: Home
  readonly folder: string
  readonly image: ImageRecord
  readonly test: ServiceTest
  readonly machine: MachineSettings
  readonly limits: Limits
  readonly progress: Progress
  readonly signal: AbortSignal
}

/**
 * Boots an instance of the image and tests it from outside and over SSH, before and after a reboot. Throws an
 * OperatorError that names the first fault. Always removes the instance. Returns the seconds from its start to its
 * first right answer.
 */
export async function verifyImage(task: Verification): Promise<number> {
  await mkdir(task.folder, { recursive: true, mode: 0o700 })
  const secrets = localSecrets(task.folder)
  for (const [name, value] of task.test.values) await secrets.set(name, value)
  const instance = await launchInstance(task.home, task.folder, task.image.id, task.machine)
  const startedMs = Date.now()
  try {
    await untilRight(task, instance)
    const bootSeconds = (Date.now() - startedMs) / 1000
    const bootId = await testInside(task, instance)
    const reboot = await over(task, instance, rebootScript)
    if (reboot.exitCode !== 0) throw untrue(task, `it does not reboot: ${reboot.stderr.trim()}`)
    await untilRebooted(task, instance, bootId)
    await untilRight(task, instance)
    return bootSeconds
  } finally {
    await terminateInstance(task.folder, instance.id)
    await rm(task.folder, { recursive: true, force: true })
  }
}

/** Waits until the service answers with the right version and clock. */
async function untilRight(task: Verification, instance: InstanceRecord): Promise<void> {
  const deadline = Date.now() + task.limits.bootSeconds * 1000
  for (;;) {
    const result = await probeInstance(
      `http://${instance.host}:${instance.httpPort}`,
      task.image.release,
      task.test.expected,
      task.limits.probeMs,
    )
    if (result.ok) return
    if (result.versionOk === false) throw untrue(task, `it serves the wrong version: ${result.reason}`)
    if (!instanceRuns(task.folder, instance.id)) throw untrue(task, 'its machine stopped')
    if (Date.now() > deadline) {
      const inside = await faultInside(task, instance)
      throw untrue(task, `not right after ${task.limits.bootSeconds} s: ${result.reason}${inside}`)
    }
    await sleep(500, undefined, { signal: task.signal })
  }
}

/** Returns the boot id. The clock was measured from outside; here it must be synchronised, so that it stays right. */
async function testInside(task: Verification, instance: InstanceRecord): Promise<string> {
  const { healthPath, versionPath } = task.test
  const { clockSeconds, serviceSeconds } = task.limits
  const answer = await over(
    task,
    instance,
    imageTest(task.image.release, { clockSeconds, serviceSeconds, healthPath, versionPath }),
  )
  if (answer.exitCode !== 0) throw untrue(task, faultIn(answer.stdout) ?? answer.stderr.trim())
  if (!isSynchronised(answer.stdout)) throw untrue(task, `its clock is not synchronised after ${clockSeconds} s`)
  return bootIdIn(answer.stdout)
}

/** What its own test says, the container's last words among it; without SSH, the end of the console. */
async function faultInside(task: Verification, instance: InstanceRecord): Promise<string> {
  const { healthPath, versionPath } = task.test
  const test = imageTest(task.image.release, { clockSeconds: 0, serviceSeconds: 1, healthPath, versionPath })
  const { stdout } = await over(task, instance, test).catch(() => ({ stdout: '' }))
  const fault = faultIn(stdout)
  return fault === undefined ? lastWords(task, instance) : `; inside: ${fault}`
}

async function untilRebooted(task: Verification, instance: InstanceRecord, bootId: string): Promise<void> {
  const deadline = Date.now() + task.limits.bootSeconds * 1000
  for (;;) {
    const [bootIdNow, reason] = await over(task, instance, 'cat /proc/sys/kernel/random/boot_id').then(
      ({ stdout }) => [stdout.trim(), 'the first one is still running'] as const,
      (error: unknown) => [bootId, (error as Error).message] as const,
    )
    if (bootIdNow !== bootId) return
    if (Date.now() > deadline) {
      const said = lastWords(task, instance)
      throw untrue(task, `no second boot within ${task.limits.bootSeconds} s: ${reason}${said}`)
    }
    await sleep(1000, undefined, { signal: task.signal })
  }
}

/** The end of the console output, one line each. */
function lastWords(task: Verification, instance: InstanceRecord): string {
  const lines = consoleOf(task.folder, instance.id).trimEnd().split('\n').slice(-10)
  return lines.map((line) => `\n  ${line.trimEnd()}`).join('')
}

async function over(task: Verification, instance: InstanceRecord, script: string) {
  const knownHostsFile = await knownHostsOf(task.folder, instance)
  if (knownHostsFile === undefined) throw untrue(task, 'it has not published its SSH host key')
  const { privateKeyFile } = await operatorKey(task.home)
  const target = { host: instance.host, port: instance.sshPort, user: 'admin', privateKeyFile, knownHostsFile }
  const { connectSeconds, scriptSeconds } = task.limits
  return runOver(sshArguments(target, connectSeconds), script, { timeoutSeconds: scriptSeconds, signal: task.signal })
}

function untrue(task: Verification, what: string): OperatorError {
  return new OperatorError('failed', `the image ${task.image.id} failed its test: ${what}`, {
    hint: remedyFor(what) ?? `npm run bake -- --release ${task.image.release} --force bakes it again`,
  })
}
