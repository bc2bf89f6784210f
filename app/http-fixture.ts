import { once } from 'node:events'
import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Answer {
  status: number | undefined
  headers: IncomingHttpHeaders
  body: string
}

/** Sends one request, with a body if there is one, on a new connection unless an agent is given; node:http because fetch hides connections. */
export async function ask(url: string, options: RequestOptions = {}, body?: string | Buffer): Promise<Answer> {
  const sent = request(url, { agent: new Agent({ keepAlive: false }), ...options })
  sent.end(body)
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

/** A free TCP port of 127.0.0.1. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
