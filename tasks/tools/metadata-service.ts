/**
 * Stand-in for the EC2 instance metadata service, IMDSv2
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html). QEMU starts this program once
 * per connection from the guest to 169.254.169.254:80, with the TCP stream as its standard input and output:
 * `node metadata-service.ts FILE`, where FILE is JSON from metadata path to value.
 */
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'

type Metadata = Record<string, string>

function tokenFor(metadata: Metadata): string {
  return createHmac('sha256', JSON.stringify(metadata)).update('IMDSv2').digest('base64url')
}

/** Answers one request as IMDSv2 would: a token for PUT, values only for GET with that token. */
export function answer(metadata: Metadata, request: IncomingMessage, response: ServerResponse): void {
  const send = (status: number, body: string) => {
    response.writeHead(status, { 'content-type': 'text/plain', server: 'EC2ws' }).end(body)
  }
  if (request.url === '/latest/api/token') {
    if (request.method !== 'PUT') return send(405, '')
    if (!/^\d+$/.test(String(request.headers['x-aws-ec2-metadata-token-ttl-seconds'] ?? ''))) return send(400, '')
    return send(200, tokenFor(metadata))
  }
  if (request.headers['x-aws-ec2-metadata-token'] !== tokenFor(metadata)) return send(401, '')
  const value = metadata[(request.url ?? '').replace('/latest/meta-data/', '')]
  return value === undefined ? send(404, '') : send(200, value)
}

if (import.meta.main) {
  const metadata: Metadata = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
  const server = createServer((request, response) => answer(metadata, request, response))
  const stream = Duplex.from({ readable: process.stdin, writable: process.stdout })
  stream.on('close', () => process.exit(0))
  server.emit('connection', stream)
}
