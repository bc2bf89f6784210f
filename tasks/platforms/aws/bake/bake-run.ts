import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { DeleteKeyPairCommand, ImportKeyPairCommand } from '@aws-sdk/client-ec2'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { execa } from 'execa'
import { cloudFactor, limitsAt } from '../../../lib/pace.ts'
import { mitogenEnvironment } from '../../../tools/mitogen.ts'
import { connectionEnvironment } from '../../../tools/packer.ts'
import { ansiblePlace } from '../../ansible-place.ts'
import { homeAt } from '../../home.ts'
import { openPlainPaths } from '../../plain-paths.ts'
import type { Aws } from '../clients.ts'
import { imageTags } from '../names.ts'
import { letCallerIn, makeBuilderGroup, removeGroup } from './builder-group.ts'
import { callerCidr } from './caller.ts'
import type { AmiBakeTask, BakeRun } from './task.ts'

/** Written before a bake's first effect, so that the next bake can clean up when this one is killed. */
export interface BakeRecord {
  readonly id: string
  readonly account: string
  readonly region: string
  /** The bake's process, and the name of the script it runs. */
  readonly pid: number
  readonly script: string
}

/** Holds one folder per running bake. */
export function bakesFolder(home: string): string {
  return join(home, 'aws', 'bakes')
}

/** The key pair of every machine of one bake, and of no other machine. */
export function keyPairOf(bakeId: string): string {
  return `bakeroll-${bakeId}`
}

export async function accountOf(aws: Aws): Promise<string> {
  const { Account = '' } = await aws.open(STSClient).send(new GetCallerIdentityCommand({}))
  return Account
}

/**
 * Runs a bake with its own folder, key pair and security group, all removed at the end, whatever happens. The key is
 * made here because Packer 1.6 has EC2 make an RSA key, whose SHA-1 signatures Debian's sshd refuses
 * (https://www.openssh.com/txt/release-8.8).
 */
export async function withBakeRun<T>(
  task: AmiBakeTask,
  { account, vpcId }: { account: string; vpcId: string },
  work: (run: BakeRun) => Promise<T>,
): Promise<T> {
  const run = await openRun(task)
  await mkdir(run.folder, { recursive: true, mode: 0o700 })
  const { bakeId: id, region } = run
  const record: BakeRecord = {
    id,
    account,
    region,
    pid: process.pid,
    script: basename(process.argv[1] ?? process.execPath),
  }
  await writeFile(join(run.folder, 'bake.json'), JSON.stringify(record))
  await writeFile(join(run.folder, 'bake.pid'), String(process.pid))
  let groupId: string | undefined
  try {
    await importKey(run)
    groupId = await makeBuilderGroup(task.aws.ec2, { ...run, vpcId })
    if (groupId !== undefined) await letCallerIn(task.aws.ec2, groupId, { ...run, vpcId })
    return await work({ ...run, securityGroupIds: groupId === undefined ? [] : [groupId] })
  } finally {
    const isGone = await endGroup(task, groupId)
    await task.aws.ec2.send(new DeleteKeyPairCommand({ KeyName: run.keyPair.name }))
    // The record stays as long as anything of the bake is left.
    if (isGone) await rm(run.folder, { recursive: true, force: true })
    await run.paths.remove()
  }
}

/** Returns false when the group could not be removed: that must not lose an image or hide an error. */
async function endGroup({ aws, progress }: AmiBakeTask, groupId: string | undefined): Promise<boolean> {
  if (groupId === undefined) return true
  try {
    await removeGroup(aws.ec2, groupId)
    return true
  } catch (error) {
    progress.warn(`the security group ${groupId} stays until the next bake: ${(error as Error).message}`)
    return false
  }
}

async function openRun(task: AmiBakeTask): Promise<BakeRun> {
  const { aws, settings } = task
  const bakeId = randomBytes(4).toString('hex')
  const folder = join(bakesFolder(task.home), bakeId)
  const region = await aws.region()
  return {
    task,
    settings,
    bakeId,
    folder,
    region,
    endpoint: process.env['AWS_ENDPOINT_URL_EC2'] ?? process.env['AWS_ENDPOINT_URL'],
    callerCidr: await callerCidr(settings),
    securityGroupIds: [],
    keyPair: { name: keyPairOf(bakeId), privateKeyFile: join(folder, 'id_ed25519') },
    runTags: { Name: `bakeroll bake ${bakeId}`, [imageTags.bake]: bakeId },
    env: await environment(task, region),
    paths: await openPlainPaths(homeAt(task.home), `.bake-${bakeId}`),
  }
}

/**
 * The credentials of our own clients, because Packer 1.6 cannot read every kind of profile (single sign-on, for
 * example), and settings for Ansible.
 */
async function environment({ aws, home, progress, signal }: AmiBakeTask, region: string) {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = await aws.ec2.config.credentials()
  const minutes = expiration === undefined ? undefined : Math.round((expiration.getTime() - Date.now()) / 60_000)
  if (minutes !== undefined && minutes < 30) {
    progress.warn(`the AWS credentials expire in ${minutes} min; a bake may take longer`)
  }
  return {
    ...(await mitogenEnvironment(progress, signal, ansiblePlace(home))),
    ...connectionEnvironment(limitsAt(cloudFactor).connectSeconds),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_REGION: region,
    AWS_PROFILE: undefined,
  }
}

async function importKey({ task, keyPair, bakeId }: BakeRun): Promise<void> {
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', keyPair.name, '-f', keyPair.privateKeyFile])
  const publicKey = await readFile(`${keyPair.privateKeyFile}.pub`)
  const Tags = [{ Key: imageTags.bake, Value: bakeId }]
  await task.aws.ec2.send(
    new ImportKeyPairCommand({
      KeyName: keyPair.name,
      PublicKeyMaterial: publicKey,
      TagSpecifications: [{ ResourceType: 'key-pair', Tags }],
    }),
  )
}
