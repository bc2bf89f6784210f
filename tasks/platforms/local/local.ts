import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../../lib/errors.ts'
import type { Limits } from '../../lib/pace.ts'
import type { Group, GroupChange, InPlace, Instance, Platform, RollRecord } from '../../lib/platform.ts'
import { sshArguments } from '../../tools/ssh.ts'
import { foldersIn, type Home } from '../home.ts'
import { operatorKey } from '../operator-key.ts'
import { listImages, removeImage } from './images.ts'
import {
  consoleOf,
  type InstanceRecord,
  instanceFiles,
  instanceRuns,
  knownHostsOf,
  launchInstance,
  listInstances,
  type MachineSettings,
  setDraining,
  terminateInstance,
} from './instances.ts'
import { type LoadBalancer, loadBalancerOf } from './load-balancer.ts'
import { lockOwnerOf, takeLock } from './lock.ts'
import { checkPort, checkRoomForInstances } from './resources.ts'
import { localSecrets } from './secrets.ts'
import { readStateFile, writeStateFile } from './state-file.ts'

export interface LocalSettings {
  readonly home: Home
  readonly group: string
  /** Port of a new group's load balancer on 127.0.0.1. */
  readonly port: number
  readonly machine: MachineSettings
  /** What the load balancer asks an instance. */
  readonly healthPath: string
  readonly answerTimeoutSeconds: number
  /** The operator's verb, for hints. */
  readonly verb?: string | undefined
  /** Time limits; called when the first one is needed. */
  limits(): Limits
}

interface GroupRecord {
  readonly imageId: string
  readonly previousImageId?: string
  readonly size: number
  readonly port: number
  readonly roll?: RollRecord
  readonly inPlace?: InPlace
}

export function groupNames(home: Home): string[] {
  return foldersIn(home.groups).filter((name) => existsSync(join(home.groups, name, 'group.json')))
}

/** The local platform: QEMU machines behind HAProxy, with state below the home. */
export function openLocalPlatform(settings: LocalSettings): Platform {
  const { home } = settings
  const folder = join(home.groups, settings.group)
  const recordFile = join(folder, 'group.json')
  const lockFile = join(home.folder, 'locks', settings.group)

  const readGroup = () => readStateFile<GroupRecord>(recordFile)?.value
  const needGroup = (): GroupRecord => {
    const record = readGroup()
    if (record !== undefined) return record
    throw new OperatorError('usage', `there is no group ${settings.group}`, { hint: 'npm run deploy' })
  }
  const needInstance = (id: string): InstanceRecord => {
    const record = listInstances(folder).find((instance) => instance.id === id)
    if (record !== undefined) return record
    throw new OperatorError('usage', `there is no instance ${id} in group ${settings.group}`, {
      hint: 'npm run status',
    })
  }
  const balancer = (record: GroupRecord): LoadBalancer => loadBalancerOf({ ...settings, folder, port: record.port })
  /** A stopped machine stays listed but gets no requests. */
  const inService = () => listInstances(folder).filter(({ id }) => instanceRuns(folder, id))
  /** Sets the load balancer to the instances in service except `without`; changes run one after another. */
  let lastChange: Promise<unknown> = Promise.resolve()
  const adjustBalancer = (record: GroupRecord, without?: string): Promise<string[]> => {
    const change = lastChange.then(() => balancer(record).adjust(inService().filter(({ id }) => id !== without)))
    lastChange = change.catch(() => undefined)
    return change
  }

  return {
    name: 'local',

    images: async () => listImages(home),
    removeImage: (id) => removeImage(home, id),

    async group() {
      const record = readGroup()
      if (record === undefined) return undefined
      const loadBalancer = balancer(record)
      const healths = await loadBalancer.healths()
      return groupOf(settings.group, folder, record, loadBalancer, await loadBalancer.state(), healths)
    },

    async createGroup(imageId, size) {
      await checkRoomForInstances(home, size, settings.machine)
      await checkPort(settings.port, settings.verb ?? 'deploy')
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const record: GroupRecord = { imageId, size, port: settings.port }
      await writeStateFile(recordFile, record)
      await balancer(record).start(inService())
    },

    async updateGroup(change: GroupChange) {
      const { roll, inPlace, ...rest } = { ...needGroup(), ...change }
      await writeStateFile(recordFile, { ...rest, ...(roll ? { roll } : {}), ...(inPlace ? { inPlace } : {}) })
    },

    async repairLoadBalancer() {
      const loadBalancer = balancer(needGroup())
      // An unfinished drain is undone, because the next decision may differ.
      for (const instance of inService()) if (instance.draining) await setDraining(folder, instance, false)
      if ((await loadBalancer.state()) === 'running') return adjustBalancer(needGroup())
      await loadBalancer.start(inService())
      return ['started the load balancer']
    },

    async removeGroup() {
      await loadBalancerOf({ ...settings, folder }).stop()
      const gone = join(home.groups, `.${settings.group}.removed`)
      await rm(gone, { recursive: true, force: true })
      if (!existsSync(folder)) return
      await rename(folder, gone)
      await rm(gone, { recursive: true, force: true })
    },

    async leftovers() {
      const group = readGroup() === undefined ? [] : [settings.group, ...listInstances(folder).map(({ id }) => id)]
      const secrets = await localSecrets(folder).list()
      return [...group, ...secrets.map(({ name }) => `secret ${name}`)]
    },

    async launch(count) {
      const group = needGroup()
      await checkRoomForInstances(home, count, settings.machine)
      const launched: string[] = []
      for (let index = 0; index < count; index++) {
        const instance = await launchInstance(home, folder, group.imageId, settings.machine)
        launched.push(instance.id)
        await adjustBalancer(group)
      }
      return launched
    },

    async drain(id) {
      await setDraining(folder, needInstance(id), true)
      await adjustBalancer(needGroup())
    },

    async terminate(id) {
      const group = readGroup()
      if (group !== undefined) await adjustBalancer(group, id)
      await terminateInstance(folder, id)
    },

    consoleOutput: async (id) => consoleOf(folder, needInstance(id).id),

    async sshArguments(id) {
      const record = needInstance(id)
      const knownHostsFile = await knownHostsOf(folder, record)
      if (knownHostsFile === undefined) {
        throw new OperatorError('failed', `${id} has not published its SSH host key on its console yet`, {
          hint: `npm run logs -- --instance ${id}`,
        })
      }
      const { privateKeyFile } = await operatorKey(home)
      const target = { host: record.host, port: record.sshPort, user: 'admin', privateKeyFile, knownHostsFile }
      return sshArguments(target, settings.limits().connectSeconds)
    },

    lock: (verb) => takeLock(lockFile, verb),
    lockOwner: async () => lockOwnerOf(lockFile),
  }
}

function groupOf(
  name: string,
  folder: string,
  record: GroupRecord,
  loadBalancer: LoadBalancer,
  state: Group['loadBalancer'],
  healths: Awaited<ReturnType<LoadBalancer['healths']>>,
): Group {
  const { port, ...known } = record
  return {
    ...known,
    name,
    url: `http://${loadBalancer.host}:${port}`,
    loadBalancer: state,
    instances: listInstances(folder).map((instance) => instanceOf(folder, instance, healths.get(instance.id))),
  }
}

function instanceOf(folder: string, record: InstanceRecord, health: Instance['health'] | undefined): Instance {
  const { id, imageId, release, startedAt, host } = record
  const runs = instanceRuns(folder, id)
  const booted = existsSync(instanceFiles(folder, id).knownHosts) || consoleOf(folder, id).includes('END SSH HOST KEY')
  const alive = booted ? 'running' : 'pending'
  const state = runs ? alive : 'stopped'
  return {
    id,
    imageId,
    release,
    startedAt,
    state,
    health: runs ? observedHealth(alive, record.draining, health) : 'unused',
    url: `http://${host}:${record.httpPort}`,
    ssh: { host, port: record.sshPort, user: 'admin' },
  }
}

/** As in Elastic Load Balancing, a target is `initial` until it has passed its first checks, boot included. */
function observedHealth(
  state: 'running' | 'pending',
  draining: boolean,
  health: Instance['health'] | undefined,
): Instance['health'] {
  if (draining) return health ?? 'unused'
  if (health === undefined) return 'unhealthy'
  return state === 'pending' && health === 'unhealthy' ? 'initial' : health
}
