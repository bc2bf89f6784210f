import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  DeleteKeyPairCommand,
  EC2Client,
  type Instance,
  paginateDescribeInstances,
  paginateDescribeSecurityGroups,
  TerminateInstancesCommand,
  waitUntilInstanceTerminated,
} from '@aws-sdk/client-ec2'
import { interruptPacker } from '../../../tools/packer.ts'
import { ownProcess, processRuns } from '../../../tools/process.ts'
import { homeAt } from '../../home.ts'
import { removePlainPaths } from '../../plain-paths.ts'
import type { Aws } from '../clients.ts'
import { imageTags } from '../names.ts'
import { deregister, ownImages } from './ami-images.ts'
import { type BakeRecord, bakesFolder, keyPairOf } from './bake-run.ts'
import { removeGroup } from './builder-group.ts'

/**
 * Removes what killed bakes of this home left on AWS, and returns it in words. A bake is orphaned when both its process
 * and its Packer are gone. Its resources are found by its id, in the tag `bakeroll:bake`, the name or the key pair.
 * Bakes of other computers and accounts are left alone: they may still be running.
 */
export async function removeOrphanedBakes(aws: Aws, home: string, account: string): Promise<string[]> {
  const removed: string[] = []
  for (const folder of foldersIn(bakesFolder(home))) {
    const record = readRecord(folder)
    if (record === undefined || record.account !== account || !(await isOrphaned(folder, record))) continue
    removed.push(...(await removeLeftovers(aws.open(EC2Client, record.region), record)))
    await rm(folder, { recursive: true, force: true })
    await removePlainPaths(homeAt(home), `.bake-${record.id}`)
  }
  return removed
}

function foldersIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
}

function readRecord(folder: string): BakeRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'bake.json'), 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * A Packer that outlived its bake is asked to clean up; the bake is left alone when that takes longer than a minute.
 */
async function isOrphaned(folder: string, { id, script }: BakeRecord): Promise<boolean> {
  if (processRuns(join(folder, 'bake.pid'), script)) return false
  const packer = () => ownProcess(join(folder, 'packer.pid'), id)
  interruptPacker(packer(), 'SIGINT')
  for (let waits = 0; packer() !== undefined && waits < 240; waits++) await sleep(250)
  return packer() === undefined
}

async function removeLeftovers(ec2: EC2Client, { id }: BakeRecord): Promise<string[]> {
  const machines = await machinesOf(ec2, id)
  const InstanceIds = machines.map(({ InstanceId = '' }) => InstanceId)
  const groups = await groupsOf(ec2, id, machines)
  if (InstanceIds.length > 0) {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds }))
    await waitUntilInstanceTerminated({ client: ec2, maxWaitTime: 600, minDelay: 1 }, { InstanceIds })
  }
  for (const group of groups) await removeGroup(ec2, group)
  await ec2.send(new DeleteKeyPairCommand({ KeyName: keyPairOf(id) }))
  const images = await unfinishedImages(ec2, id)
  for (const image of images) await deregister(ec2, image)
  return [...InstanceIds, ...groups, ...images.map(({ ImageId = '' }) => ImageId)]
}

async function machinesOf(ec2: EC2Client, id: string): Promise<Instance[]> {
  const isThere = { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] }
  const marks = [
    { Name: `tag:${imageTags.bake}`, Values: [id] },
    { Name: 'key-name', Values: [keyPairOf(id)] },
  ]
  const machines = new Map<string, Instance>()
  for (const mark of marks) {
    for await (const { Reservations = [] } of paginateDescribeInstances(
      { client: ec2 },
      { Filters: [mark, isThere] },
    )) {
      for (const machine of Reservations.flatMap(({ Instances = [] }) => Instances))
        machines.set(machine.InstanceId ?? '', machine)
    }
  }
  return [...machines.values()]
}

/** Our groups and those of newer Packer carry the tag; one that Packer 1.6 made is found through its machine. */
async function groupsOf(ec2: EC2Client, id: string, machines: readonly Instance[]): Promise<string[]> {
  const Filters = [{ Name: `tag:${imageTags.bake}`, Values: [id] }]
  const pages = await Array.fromAsync(paginateDescribeSecurityGroups({ client: ec2 }, { Filters }))
  const tagged = pages.flatMap(({ SecurityGroups = [] }) => SecurityGroups)
  const known = machines
    .flatMap(({ SecurityGroups = [] }) => SecurityGroups)
    .filter(({ GroupName = '' }) => GroupName.startsWith('packer_'))
  return [...new Set([...tagged, ...known].map(({ GroupId = '' }) => GroupId))]
}

/** Images that Packer made but did not tag; a tagged one is complete, and the next bake tests it. */
async function unfinishedImages(ec2: EC2Client, id: string) {
  const images = await ownImages(ec2, [{ Name: 'name', Values: [`bakeroll-*-${id}`] }])
  return images.filter(({ Tags = [] }) => !Tags.some(({ Key }) => Key === imageTags.layer))
}
