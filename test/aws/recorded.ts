/*
 * Recorded answers: what AWS says where moto cannot say it, served over HTTP in the service's own protocol, so that the real
 * clients of `openAws()` read it off the wire, with their retries.
 *
 * One fixture per behaviour: a file `recorded/NAME.json` of
 *   service    botocore's name: autoscaling, cloudformation, ec2, elbv2, iam, ssm, sts, service-quotas, ...
 *   operation  DescribeInstanceRefreshes
 *   source     the page that shows or describes the answer, or `botocore:SERVICE/examples-1.json#ID`, then an exact copy of it
 *   note       optional: what was filled in by us, and from what
 *   input      optional: answers only requests that hold these values
 *   output     what is answered, as in AWS's API reference (times in ISO 8601, blobs in base64); or
 *   error      { code, message }: what is refused
 * `recorded.test.ts` holds every file against AWS's own model of the service; so does `startRecorded`, also for answers that a
 * test writes itself: `{ ...(await recorded('NAME')), output: {...} }`. A request that the model does not allow is refused with
 * ValidationError, as AWS does it: the SDK sends anything.
 *
 *   const aws = await startRecorded(['refresh-started', 'refresh-in-progress', 'refresh-successful'])
 *   t.teardown(() => aws.stop())
 *   Object.assign(process.env, aws.env)   // before openAws()
 *   ...
 *   t.match(aws.requests, [{ operation: 'StartInstanceRefresh', input: { Preferences: { AutoRollback: true } } }, ...])
 *
 * Each operation gives its answers in their order, then its last one again and again. `aws.play([...])` begins anew. With
 * `{ elsewhere: moto.url }` a request that no answer is for goes on to moto, so one recorded refusal can be put into a
 * whole story; without it, it is refused with the code NotRecorded.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { isDeepStrictEqual } from 'node:util'
import { type AwsCall, callOf, errorAnswer } from './aws-protocols.ts'
import { emulatedEnvironment } from './moto.ts'
import { errorStatus, impossibilities, type RecordedAnswer, recorded } from './recorded-answer.ts'
import { modelOf, problemsOf } from './recorded-model.ts'
import { decodeInput, encodeOutput } from './recorded-wire.ts'

export { type RecordedAnswer, recorded } from './recorded-answer.ts'

/** A request that was made, its input decoded. */
export interface RecordedRequest {
  readonly service: string
  readonly operation: string
  readonly input: Readonly<Record<string, unknown>>
}

/** A server that gives recorded answers. */
export interface Recorded {
  readonly url: string
  /** What a client needs in its environment. */
  readonly env: Readonly<Record<string, string>>
  /** Every request since the last `play` that was answered here, the newest last. */
  readonly requests: readonly RecordedRequest[]
  /** Forgets all answers and requests, and gives these answers from now on. Throws when AWS could not give one of them. */
  play(answers: readonly (string | RecordedAnswer)[]): Promise<void>
  stop(): Promise<void>
}

/** Starts a server that gives these answers; throws when AWS could not give one of them. */
export async function startRecorded(
  answers: readonly (string | RecordedAnswer)[],
  { elsewhere }: { readonly elsewhere?: string } = {},
): Promise<Recorded> {
  const script = new Script()
  await script.play(answers)
  const server = createServer(async (request, response) => {
    const sent = await buffer(request)
    const given = await script.answer(request, sent).catch((error) => plain(500, String(error)))
    const { status, headers, body } = given ?? (await passOn(elsewhere, request, sent))
    response.writeHead(status, headers).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  return {
    url,
    env: emulatedEnvironment(url),
    requests: script.requests,
    play: (next) => script.play(next),
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** The answers that are to be given, and what was asked. */
class Script {
  readonly requests: RecordedRequest[] = []
  #answers: readonly RecordedAnswer[] = []
  #given = new Set<RecordedAnswer>()

  async play(answers: readonly (string | RecordedAnswer)[]): Promise<void> {
    const next = await Promise.all(answers.map(async (one) => (typeof one === 'string' ? recorded(one) : { ...one })))
    const wrong = (await Promise.all(next.map(impossibilities))).flat()
    if (wrong.length > 0) throw new Error(`AWS could not say so: ${wrong.join('; ')}`)
    this.#answers = next
    this.#given = new Set()
    this.requests.length = 0
  }

  /** `undefined` when no answer is for this request. */
  async answer(request: IncomingMessage, body: Buffer): Promise<WireAnswer | undefined> {
    const call = callOf(request, body)
    const service = await this.#service(request)
    if (!call || service === undefined) return undefined
    const model = await modelOf(service)
    const operation = call.action
    const input = decodeInput(body.toString(), operation, model) as RecordedRequest['input']
    const answer = this.#next({ service, operation, input })
    if (!answer) return undefined
    this.requests.push({ service, operation, input })
    const asked = model.operations[operation]?.input
    const wrong = asked ? problemsOf(input, asked, model, operation) : []
    if (wrong.length > 0) return refusal(call, 'ValidationError', wrong.join('; '))
    this.#given.add(answer)
    const { output = {}, error } = answer
    if (error) return refusal(call, error.code, error.message, errorStatus(error.code, operation, model))
    const encoded = encodeOutput(output, operation, model)
    return plain(200, encoded.body, encoded.contentType)
  }

  #next({ service, operation, input }: RecordedRequest): RecordedAnswer | undefined {
    const fitting = this.#answers.filter(
      (one) => one.service === service && one.operation === operation && holds(input, one.input),
    )
    return fitting.find((one) => !this.#given.has(one)) ?? fitting.at(-1)
  }

  /** The service whose name the request was signed for. */
  async #service({ headers }: IncomingMessage): Promise<string | undefined> {
    const signedFor = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\/aws4_request/.exec(headers.authorization ?? '')?.[1]
    for (const service of new Set(this.#answers.map((one) => one.service))) {
      const { signingName, endpointPrefix } = (await modelOf(service)).metadata
      if ((signingName ?? endpointPrefix) === signedFor) return service
    }
    return undefined
  }
}

/** Whether `whole` has every value of `part`; lists are compared whole. */
function holds(whole: unknown, part: unknown): boolean {
  if (part === undefined) return true
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return isDeepStrictEqual(whole, part)
  if (typeof whole !== 'object' || whole === null) return false
  return Object.entries(part).every(([name, one]) => holds((whole as Record<string, unknown>)[name], one))
}

/** Sends a request on as it came. */
async function passOn(elsewhere: string | undefined, request: IncomingMessage, body: Buffer): Promise<WireAnswer> {
  const call = callOf(request, body)
  if (elsewhere === undefined) {
    const { action, protocol } = call ?? { action: 'this', protocol: 'rest' as const }
    return refusal({ protocol }, 'NotRecorded', `no recorded answer is for ${action}`)
  }
  const { host: _, connection: __, 'content-length': ___, expect: ____, ...headers } = request.headers
  const answer = await fetch(new URL(request.url ?? '/', elsewhere), {
    method: request.method ?? 'POST',
    headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
    ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
  })
  return plain(answer.status, Buffer.from(await answer.arrayBuffer()), answer.headers.get('content-type') ?? 'text/xml')
}

/** What goes over the wire. */
interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

function refusal({ protocol }: Pick<AwsCall, 'protocol'>, code: string, message: string, status = 400): WireAnswer {
  return { status, ...errorAnswer(protocol, { code, message }) }
}

function plain(status: number, body: string | Buffer, contentType = 'text/plain'): WireAnswer {
  return { status, headers: { 'content-type': contentType }, body }
}
