import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AwsCall, callOf, errorAnswer } from './aws-protocols.ts'

/** What a caller gets in the place of moto's answer; each the first `times` times, always when that is left away. */
export type Fault = { readonly times?: number } & (
  | { readonly answer: 'error'; readonly status: number; readonly code: string; readonly message: string }
  /** The call arrives, and nothing ever comes back. */
  | { readonly answer: 'silence' }
  /** Moto does what was asked; its answer is promised in full, and the connection breaks in the middle of it. */
  | { readonly answer: 'broken' }
  /** Moto does what was asked; its answer ends in the middle, as if that were all. */
  | { readonly answer: 'cut' }
  /** The connection breaks before an answer. */
  | { readonly answer: 'reset' }
  /** Moto does what was asked, and its answer is told in other words. */
  | { readonly answer: 'edited'; readonly edit: (answer: string) => string }
)

/** Gives the fault that fits one call: each of AWS's protocols has its own words, and `body` says what is asked; undefined for none. */
export type FaultOf = (call: AwsCall, body: string) => Fault | undefined

/** One call that came by. */
export interface RecordedCall extends AwsCall {
  /** Whether it was answered with a fault. */
  readonly isFaulty: boolean
}

/** A proxy between a client of AWS and moto that breaks chosen calls. */
export interface FaultProxy {
  readonly url: string
  /** What to break, by action: `DescribeInstances`, `ec2:DescribeInstances`, or `*` for every call. */
  readonly rules: Map<string, Fault | FaultOf>
  /** Every call so far, in its order, retries of the client too. */
  readonly calls: RecordedCall[]
  /** The actions so far, each once, in IAM's words: `ec2:DescribeInstances`. */
  actions(): string[]
  /** Forgets the rules and the calls. */
  reset(): void
  stop(): Promise<void>
}

/** Starts a proxy on a free port of 127.0.0.1 in front of the moto server at `motoUrl`. */
export async function startFaultProxy(motoUrl: string): Promise<FaultProxy> {
  const rules = new Map<string, Fault | FaultOf>()
  const calls: RecordedCall[] = []
  const used = new Map<Fault | FaultOf, number>()
  const server = createServer(async (incoming, outgoing) => {
    const body = await bodyOf(incoming)
    const call = callOf(incoming, body)
    const fault = due(call, body, { rules, used })
    if (call) calls.push({ ...call, isFaulty: fault !== undefined })
    await reply({ motoUrl, incoming, body, outgoing, call, fault }).catch(() => outgoing.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rules,
    calls,
    actions: () => [...new Set(calls.map(({ service, action }) => `${service}:${action}`))],
    reset() {
      rules.clear()
      used.clear()
      calls.length = 0
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

interface Exchange {
  readonly motoUrl: string
  readonly incoming: IncomingMessage
  readonly body: Buffer
  readonly outgoing: ServerResponse
  readonly call: AwsCall | undefined
  readonly fault: Fault | undefined
}

/** The fault that is due for a call; counts how often each rule was used. */
function due(
  call: AwsCall | undefined,
  body: Buffer,
  { rules, used }: { rules: ReadonlyMap<string, Fault | FaultOf>; used: Map<Fault | FaultOf, number> },
): Fault | undefined {
  if (!call) return undefined
  const rule = rules.get(`${call.service}:${call.action}`) ?? rules.get(call.action) ?? rules.get('*')
  if (!rule) return undefined
  const fault = typeof rule === 'function' ? rule(call, body.toString()) : rule
  if (!fault) return undefined
  const times = used.get(rule) ?? 0
  if (times >= (fault.times ?? Number.POSITIVE_INFINITY)) return undefined
  used.set(rule, times + 1)
  return fault
}

async function reply(exchange: Exchange): Promise<void> {
  const { outgoing, call, fault } = exchange
  if (fault?.answer === 'silence') return
  if (fault?.answer === 'reset') {
    exchange.incoming.socket.resetAndDestroy()
    return
  }
  if (fault?.answer === 'error' && call) {
    const { headers, body } = errorAnswer(call.protocol, fault)
    outgoing.writeHead(fault.status, headers).end(body)
    return
  }
  const { status, headers, body: said } = await forward(exchange)
  const body = fault?.answer === 'edited' ? Buffer.from(fault.edit(said.toString())) : said
  const half = body.subarray(0, Math.floor(body.length / 2))
  if (fault?.answer === 'cut') outgoing.writeHead(status, { ...headers, 'content-length': half.length }).end(half)
  else if (fault?.answer === 'broken') {
    outgoing.writeHead(status, { ...headers, 'content-length': body.length })
    outgoing.write(half, () => outgoing.destroy())
  } else outgoing.writeHead(status, { ...headers, 'content-length': body.length }).end(body)
}

/** Moto's own answer. The host header stays what the client signed and named. */
async function forward({ motoUrl, incoming, body }: Exchange) {
  const { method, headers } = incoming
  const asked = request(new URL(incoming.url ?? '/', motoUrl), { method, headers, agent: false })
  asked.end(body)
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const { 'transfer-encoding': _, connection: __, ...kept } = answer.headers
  return { status: answer.statusCode ?? 502, headers: kept, body: await bodyOf(answer) }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await message.toArray())
}
