/**
 * Stand-in for the EC2 instance metadata service, IMDSv2
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html). QEMU starts this program once
 * per connection from the guest to 169.254.169.254:80, with the TCP stream as its standard input and output: `node
 * metadata-service.ts FILE`, where FILE is JSON from metadata path to value; a path with a slash first is a whole one. Unlike
 * EC2's service it also serves this computer's time, because a machine without a network has no other clock to follow, and
 * the secrets of the group, one file for each in the folder `secrets` beside FILE.
 */
import { createHmac } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { Duplex } from 'node:stream'
import { nameProblem } from '../lib/secrets.ts'

/** A connection is closed after this time, whatever the guest sends. */
const lifeMs = 10_000

type Metadata = Record<string, string>

/** What is served outside EC2's own paths. */
interface Sources {
  /** `/bakeroll/time`, in milliseconds since 1970. */
  readonly now?: () => number
  /** `/bakeroll/secrets`, by name. Read when asked for, so that a new value needs no new instance. */
  readonly secrets?: () => Record<string, string>
}

function tokenFor(metadata: Metadata): string {
  return createHmac('sha256', JSON.stringify(metadata)).update('IMDSv2').digest('base64url')
}

/** Answers one request like IMDSv2: a token for PUT; everything else only for GET with that token. */
export function answer(
  metadata: Metadata,
  request: IncomingMessage,
  response: ServerResponse,
  sources: Sources = {},
): void {
  const { status, body = '' } =
    request.url === '/latest/api/token' ? token(metadata, request) : value(metadata, request, sources)
  response.writeHead(status, { 'content-type': 'text/plain', server: 'EC2ws' }).end(body)
}

function token(metadata: Metadata, { method, headers }: IncomingMessage): { status: number; body?: string } {
  if (method !== 'PUT') return { status: 405 }
  const isNumber = /^\d+$/.test(String(headers['x-aws-ec2-metadata-token-ttl-seconds'] ?? ''))
  return isNumber ? { status: 200, body: tokenFor(metadata) } : { status: 400 }
}

function value(
  metadata: Metadata,
  { method, url = '', headers }: IncomingMessage,
  { now = Date.now, secrets = () => ({}) }: Sources,
): { status: number; body?: string } {
  if (headers['x-aws-ec2-metadata-token'] !== tokenFor(metadata)) return { status: 401 }
  if (method !== 'GET') return { status: 405 }
  if (url === '/bakeroll/time') return { status: 200, body: String(now()) }
  if (url === '/bakeroll/secrets') return { status: 200, body: JSON.stringify(secrets()) }
  const body = new Map(Object.entries(metadata)).get(url.replace('/latest/meta-data/', ''))
  return body === undefined ? { status: 404 } : { status: 200, body }
}

function secretsIn(folder: string): Record<string, string> {
  const names = existsSync(folder) ? readdirSync(folder) : []
  const secrets = names.filter((name) => nameProblem(name) === undefined)
  return Object.fromEntries(secrets.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

if (import.meta.main) {
  setTimeout(() => process.exit(0), lifeMs)
  const [, , file = ''] = process.argv
  const metadata: Metadata = JSON.parse(readFileSync(file, 'utf8'))
  const sources = { secrets: () => secretsIn(join(dirname(file), 'secrets')) }
  const server = createServer((request, response) => answer(metadata, request, response, sources))
  const stream = Duplex.from({ readable: process.stdin, writable: process.stdout })
  stream.on('close', () => process.exit(0))
  server.emit('connection', stream)
}
