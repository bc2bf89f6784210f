import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'

/** A service on a free port of 127.0.0.1; closed when the test ends. */
export async function serve(t: Test, answer: RequestListener): Promise<{ upstreamPort: number }> {
  return listen(t, createServer(answer))
}

/** Handles the raw connection, for responses that node:http would not send. */
export async function serveRaw(t: Test, talk: (socket: Socket) => void): Promise<{ upstreamPort: number }> {
  return listen(t, createTcpServer(talk))
}

/** Returns the request as it arrived, as JSON. */
export async function tell(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request
  const body = await text(request)
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ method, url, headers, bytes: body.length }))
}

/** Echoes each WebSocket message (RFC 6455, below 126 bytes). */
export function serveEcho(t: Test): Promise<{ upstreamPort: number }> {
  const server = createServer(tell)
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
    socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`)
    socket.on('data', (frame) => socket.write(unmasked(frame)))
    socket.on('error', () => socket.destroy())
  })
  return listen(t, server)
}

function unmasked(frame: Buffer): Buffer {
  const length = (frame[1] ?? 0) & 0x7f
  const mask = frame.subarray(2, 6)
  const body = frame.subarray(6, 6 + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0))
  return Buffer.concat([Buffer.from([frame[0] ?? 0, length]), body])
}

async function listen(t: Test, server: Server): Promise<{ upstreamPort: number }> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { upstreamPort: (server.address() as AddressInfo).port }
}
