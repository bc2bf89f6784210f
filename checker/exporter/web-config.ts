import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createSecureContext, type SecureVersion, type TlsOptions } from 'node:tls'
import { trustProblem } from '../probe/trust.ts'

/** A web configuration file in the format of Prometheus' exporters (prometheus/exporter-toolkit, docs/web-configuration.md). */
export interface WebConfig {
  /** Absent: plain HTTP. */
  readonly tls?: TlsOptions
  /** A client that shows a certificate must show a trusted one. */
  readonly verifiesIfGiven: boolean
  /** bcrypt hashes of passwords by user; empty: no authentication. */
  readonly users: ReadonlyMap<string, string>
  /** Sent with every answer. */
  readonly headers: Readonly<Record<string, string>>
  readonly files: readonly string[]
}

/** A YAML parser. */
export type Parse = (text: string) => unknown

/** Reads a web configuration file and the files that it names; throws its problems, without hashes. */
export function readWebConfig(file: string, parse: Parse): WebConfig {
  const root = sectionOf(parse(readFileSync(file, 'utf8')), '', [
    'tls_server_config',
    'http_server_config',
    'basic_auth_users',
  ])
  const http = sectionOf(root['http_server_config'], 'http_server_config', ['http2', 'headers'])
  const tls = root['tls_server_config'] === undefined ? undefined : readTls(root['tls_server_config'], dirname(file))
  return {
    ...(tls === undefined ? {} : { tls: tls.options }),
    verifiesIfGiven: tls?.verifiesIfGiven ?? false,
    users: readUsers(root['basic_auth_users']),
    headers: readHeaders(http['headers']),
    files: [file, ...(tls?.files ?? [])],
  }
}

/** Why a web configuration cannot be used, in one line; undefined when it can. */
export async function webConfigProblem(file: string): Promise<string | undefined> {
  try {
    const { tls } = readWebConfig(file, (await import('yaml')).parse)
    if (tls !== undefined) createSecureContext(tls)
    return undefined
  } catch (error) {
    return `${file}: ${firstLine(error)}`
  }
}

/** Without the lines that a parser quotes, which may contain hashes. */
export function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? ''
}

/** Changes when a file does, so that renewed certificates are used without a restart. */
export function stampOf({ files }: WebConfig): string {
  return files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs).join()
}

type Section = Readonly<Record<string, unknown>>

function sectionOf(value: unknown, name: string, known?: readonly string[]): Section {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error(`${name || 'the file'}: expected a mapping`)
  const other = Object.keys(value).find((key) => known !== undefined && !known.includes(key))
  if (other !== undefined)
    throw new Error(`${name === '' ? '' : `${name}.`}${other}: unknown, expected ${known?.join(', ')}`)
  return value as Section
}

const clientAuth = ['NoClientCert', 'VerifyClientCertIfGiven', 'RequireAndVerifyClientCert']
const versions: Readonly<Record<string, SecureVersion>> = { TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' }

function readTls(value: unknown, folder: string) {
  const name = 'tls_server_config'
  const section = sectionOf(value, name, [
    ...['cert_file', 'key_file', 'client_auth_type', 'client_ca_file', 'min_version', 'max_version'],
  ])
  const fileOf = (key: string) =>
    section[key] === undefined ? undefined : resolve(folder, textOf(section[key], `${name}.${key}`))
  const [certFile, keyFile, caFile] = [fileOf('cert_file'), fileOf('key_file'), fileOf('client_ca_file')]
  if (certFile === undefined || keyFile === undefined) throw new Error(`${name}: expected cert_file and key_file`)
  const auth = oneOf(section['client_auth_type'] ?? 'NoClientCert', `${name}.client_auth_type`, clientAuth)
  if ((auth === 'NoClientCert') !== (caFile === undefined)) {
    throw new Error(`${name}: client_ca_file and client_auth_type belong together, expected both or none`)
  }
  const untrusted = caFile === undefined ? undefined : trustProblem(caFile)
  if (untrusted !== undefined) throw new Error(`${name}.client_ca_file: ${untrusted}`)
  const version = (key: string) =>
    section[key] === undefined ? undefined : versions[oneOf(section[key], `${name}.${key}`, Object.keys(versions))]
  const options: TlsOptions = {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    requestCert: auth !== 'NoClientCert',
    rejectUnauthorized: auth === 'RequireAndVerifyClientCert',
    minVersion: version('min_version') ?? 'TLSv1.2',
    maxVersion: version('max_version') ?? 'TLSv1.3',
  }
  const files = [certFile, keyFile, ...(caFile === undefined ? [] : [caFile])]
  return { options, files, verifiesIfGiven: auth === 'VerifyClientCertIfGiven' }
}

function readUsers(value: unknown): ReadonlyMap<string, string> {
  const entries = Object.entries(sectionOf(value, 'basic_auth_users'))
  for (const [user, hash] of entries) {
    if (typeof hash !== 'string' || !/^\$2[aby]\$\d\d\$[./\w]{53}$/.test(hash))
      throw new Error(`basic_auth_users.${user}: expected a bcrypt hash, such as from htpasswd -nBC 10 ${user}`)
  }
  return new Map(entries as [string, string][])
}

function readHeaders(value: unknown): Record<string, string> {
  const entries = Object.entries(sectionOf(value, 'http_server_config.headers'))
  const read = entries.map(([name, text]) => {
    const place = `http_server_config.headers.${name}`
    if (!/^[\w-]+$/.test(name) || /\p{Cc}/u.test(textOf(text, place))) throw new Error(`${place}: not a header`)
    return [name, String(text)]
  })
  return Object.fromEntries(read)
}

function textOf(value: unknown, place: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new Error(`${place}: expected text`)
}

function oneOf(value: unknown, place: string, words: readonly string[]): string {
  const found = words.find((word) => word === value)
  if (found === undefined) throw new Error(`${place}: expected ${words.join(', ').replace(/, (\w+)$/, ' or $1')}`)
  return found
}

/** Compared for unknown users, so that timing does not reveal who exists. */
const nobody = '$2b$10$b63leX4YeHaE4lT5xPrkQetqG1kBJjsmXOsv5taODKReQKqOHztJC'
const remembered = new Set<string>()
let turn: Promise<unknown> = Promise.resolve()

/**
 * Whether the header `Authorization` has a valid user and password. Compares one at a time, since each comparison is slow by
 * design.
 */
export async function isAllowed({ users }: WebConfig, header: string | undefined): Promise<boolean> {
  if (users.size === 0) return true
  const [, credentials = ''] = /^basic +([\w+/=]+)$/i.exec(header ?? '') ?? []
  const pair = Buffer.from(credentials, 'base64').toString()
  const colon = pair.indexOf(':')
  if (colon === -1) return false
  const [user, password] = [pair.slice(0, colon), pair.slice(colon + 1)]
  const hash = users.get(user) ?? nobody
  const key = createHash('sha256')
    .update(JSON.stringify([user, hash, password]))
    .digest('base64')
  if (remembered.has(key)) return true
  const before = turn
  const mine = (async () => {
    await before
    const { compare } = await import('bcryptjs')
    return (await compare(password, hash)) && users.has(user)
  })()
  turn = mine.catch(() => {})
  const isRight = await mine
  if (isRight && remembered.size < 100) remembered.add(key)
  return isRight
}
