import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { OperatorError } from '../lib/errors.ts'
import { answerOf } from './run-to-end.ts'

/**
 * Facts that decide whether mmdebstrap works without root: it unshares a user namespace, into which newuidmap maps
 * 65536 ids.
 */
export interface NamespaceFacts {
  readonly user: string
  readonly uid: number
  /** /etc/subuid and /etc/subgid (subuid(5)); empty when absent. */
  readonly subuid: string
  readonly subgid: string
  /** Kernel settings; undefined when the kernel has no such setting. */
  readonly maxUserNamespaces?: number | undefined
  readonly unprivilegedUsernsClone?: number | undefined
  readonly apparmorRestricts?: number | undefined
  /** Whether an AppArmor profile grants mmdebstrap its namespace anyway. */
  readonly hasProfile: boolean
  /** Whether this mmdebstrap also looks up the user's number; 1.3 of Debian 12 looks up the name only. */
  readonly readsNumbers: boolean
}

const neededIds = 65_536

/** Why mmdebstrap cannot work for this user; undefined when it can, and always for root. */
export async function userNamespaceProblem(): Promise<OperatorError | undefined> {
  return process.getuid?.() === 0 ? undefined : namespaceProblem(await namespaceFacts())
}

/** The first obstacle, with the command that removes it. */
export function namespaceProblem(facts: NamespaceFacts): OperatorError | undefined {
  const { maxUserNamespaces, unprivilegedUsernsClone, apparmorRestricts, hasProfile } = facts
  const setting = (name: string, value: number) =>
    new OperatorError(
      'refused',
      `the kernel denies users their own namespaces (${name}): cannot make a Debian system without root`,
      {
        hint: `sudo sysctl ${name}=${value}`,
      },
    )
  if (maxUserNamespaces === 0) return setting('user.max_user_namespaces', 15_000)
  if (unprivilegedUsernsClone === 0) return setting('kernel.unprivileged_userns_clone', 1)
  if (apparmorRestricts === 1 && !hasProfile) return setting('kernel.apparmor_restrict_unprivileged_userns', 0)
  const without = (['subuid', 'subgid'] as const).filter((file) => !hasIds(facts[file], facts))
  if (without.length === 0) return undefined
  const files = without.map((file) => `/etc/${file}`)
  return new OperatorError(
    'refused',
    `${facts.user} has no ${neededIds} subordinate ids in ${files.join(' and ')}: cannot make a Debian system without root`,
    { hint: `echo ${facts.user}:${firstFree(facts)}:${neededIds} | sudo tee -a ${files.join(' ')}` },
  )
}

function hasIds(text: string, { user, uid, readsNumbers }: NamespaceFacts): boolean {
  const names = readsNumbers ? [user, String(uid)] : [user]
  return rangesOf(text).some(({ name, count }) => names.includes(name) && count >= neededIds)
}

/** After all assigned ranges. */
function firstFree({ subuid, subgid }: NamespaceFacts): number {
  return [...rangesOf(subuid), ...rangesOf(subgid)].reduce(
    (free, { from, count }) => Math.max(free, from + count),
    100_000,
  )
}

function rangesOf(text: string) {
  return [...text.matchAll(/^([^:\s]+):(\d+):(\d+)\s*$/gm)].map(([, name = '', from, count]) => ({
    name,
    from: Number(from),
    count: Number(count),
  }))
}

async function namespaceFacts(): Promise<NamespaceFacts> {
  const uid = process.getuid?.() ?? 0
  return {
    user: userName(uid),
    uid,
    subuid: read('/etc/subuid'),
    subgid: read('/etc/subgid'),
    maxUserNamespaces: kernelSetting('user/max_user_namespaces'),
    unprivilegedUsernsClone: kernelSetting('kernel/unprivileged_userns_clone'),
    apparmorRestricts: kernelSetting('kernel/apparmor_restrict_unprivileged_userns'),
    hasProfile: existsSync('/etc/apparmor.d/mmdebstrap'),
    readsNumbers: await readsNumbers(),
  }
}

/** Tested: 1.3.5 does not, 1.5.7 does. */
async function readsNumbers(): Promise<boolean> {
  const version = await answerOf(['mmdebstrap', '--version'])
  const [, major = 0, minor = 0] = /(\d+)\.(\d+)/.exec(version)?.map(Number) ?? []
  return major > 1 || (major === 1 && minor >= 5)
}

function userName(uid: number): string {
  try {
    return userInfo().username
  } catch {
    return String(uid)
  }
}

function kernelSetting(path: string): number | undefined {
  const text = read(`/proc/sys/${path}`).trim()
  return text === '' ? undefined : Number(text)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
