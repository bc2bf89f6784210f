/**
 * Stand-in for the EC2 instance metadata service, IMDSv2
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html). QEMU starts this program once
 * per connection from the guest to 169.254.169.254:80, with the TCP stream as its standard input and output: `node
 * metadata-service.ts FILE`, where FILE is JSON from metadata path to value. Unlike EC2's service it also serves this
 * computer's time, because a machine without a network has no other clock to follow.
 */
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'

/** A connection is closed after this time, whatever the guest sends. */
const lifeMs = 10_000

type Metadata = Record<string, string>

/** Serves the time in milliseconds since 1970, outside EC2's own paths. */
const timePath = '/bakeroll/time'

function tokenFor(metadata: Metadata): string {
  return createHmac('sha256', JSON.stringify(metadata)).update('IMDSv2').digest('base64url')
}

/** Answers one request like IMDSv2: a token for PUT; values and the time only for GET with that token. */
export function answer(
  metadata: Metadata,
  request: IncomingMessage,
  response: ServerResponse,
  now: () => number = Date.now,
): void {
  const { status, body = '' } =
    request.url === '/latest/api/token' ? token(metadata, request) : value(metadata, request, now)
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
  now: () => number,
): { status: number; body?: string } {
  if (headers['x-aws-ec2-metadata-token'] !== tokenFor(metadata)) return { status: 401 }
  if (method !== 'GET') return { status: 405 }
  if (url === timePath) return { status: 200, body: String(now()) }
  const body = new Map(Object.entries(metadata)).get(url.replace('/latest/meta-data/', ''))
  return body === undefined ? { status: 404 } : { status: 200, body }
}

if (import.meta.main) {
  setTimeout(() => process.exit(0), lifeMs)
  const metadata: Metadata = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
  const server = createServer((request, response) => answer(metadata, request, response))
  const stream = Duplex.from({ readable: process.stdin, writable: process.stdout })
  stream.on('close', () => process.exit(0))
  server.emit('connection', stream)
}
