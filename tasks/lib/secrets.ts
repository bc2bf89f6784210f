import { OperatorError } from './errors.ts'

/** A secret that has a value, which nobody is told. */
export interface SetSecret {
  readonly name: string
  /** ISO 8601, UTC. */
  readonly setAt: string
}

/**
 * The secrets of one group: environment variables of its service. They can be set before there is a group, and its
 * removal removes them. Each call is atomic for its secret, so none needs the group's lock.
 */
export interface SecretStore {
  /** The longest value. */
  readonly mostBytes: number
  /** Sorted by name. Reads no value. */
  list(): Promise<SetSecret[]>
  /** Takes a name and a value that have no problem. */
  set(name: string, value: string): Promise<void>
  /** False when it had no value. */
  unset(name: string): Promise<boolean>
}

/** A secret as listed: one that is set, or one that the service needs and that is not. */
export interface ListedSecret {
  readonly name: string
  /** ISO 8601, UTC; absent when it is missing. */
  readonly setAt?: string
  readonly missing: boolean
}

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

/** The container's environment passes through that of the `docker` command, which would obey these itself. */
const ofDocker = 'PATH|HOME|GODEBUG|DOCKER_.*|LD_.*'

/** The names that a secret can have. */
export const secretName = new RegExp(`^(?!(${ofDocker})$)${namePattern.source.slice(1)}`)

/** Why a secret cannot have this name; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (!namePattern.test(name)) {
    return `the name of a secret has letters, digits and _, no digit first, at most 128, got ${JSON.stringify(name)}`
  }
  return secretName.test(name) ? undefined : `a secret cannot be called ${name}, a variable of the docker command`
}

/** Why a secret cannot have this value; never tells it. */
export function valueProblem(value: Uint8Array, mostBytes: number): string | undefined {
  if (value.length === 0) return 'the value is empty'
  if (value.length > mostBytes) return `the value is longer than ${mostBytes} bytes, the most that this platform holds`
  if (value.includes(0)) return 'the value has a NUL byte, which no environment variable can hold'
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(value)
    return undefined
  } catch {
    return 'the value is not text in UTF-8: encode it, as base64 for example'
  }
}

/** All secrets that are set or needed, by name. */
export function listedSecrets(set: readonly SetSecret[], needed: readonly string[]): ListedSecret[] {
  const there = set.map(({ name, setAt }) => ({ name, setAt, missing: false }))
  const missing = missingSecrets(set, needed).map((name) => ({ name, missing: true }))
  return [...there, ...missing].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function missingSecrets(set: readonly SetSecret[], needed: readonly string[]): string[] {
  return [...new Set(needed)].filter((name) => !set.some((one) => one.name === name))
}

/** Throws `refused` while a secret that the service needs has no value: its instances could not start it. */
export async function assertSecretsSet(
  { secrets, needed }: { readonly secrets: SecretStore; readonly needed: readonly string[] },
  group: string,
): Promise<void> {
  if (needed.length === 0) return
  const missing = missingSecrets(await secrets.list(), needed)
  if (missing.length === 0) return
  throw new OperatorError('refused', `group ${group} has no value for service.secrets: ${missing.join(', ')}`, {
    hint: missing.map((name) => `npm run secret -- set ${name} --group ${group}`).join('\n'),
  })
}
