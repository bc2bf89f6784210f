import type { IncomingMessage } from 'node:http'

/** How a call to AWS is written: the Query protocol and EC2's own kind of it, JSON, CBOR by Smithy's RPC, or plain paths. */
export type AwsProtocol = 'ec2' | 'query' | 'json' | 'cbor' | 'rest'

/** One call to AWS. */
export interface AwsCall {
  /** As in the names of IAM actions: `ec2`, `autoscaling`, `elasticloadbalancing`, `tag`. */
  readonly service: string
  readonly action: string
  readonly protocol: AwsProtocol
}

/** Where the name of a service in signatures is not that in IAM actions. */
const iamNames: Readonly<Record<string, string>> = { tagging: 'tag', monitoring: 'cloudwatch' }

/** What call a request is; undefined for requests that no client of AWS makes. */
export function callOf({ headers, url = '/', method = 'GET' }: IncomingMessage, body: Buffer): AwsCall | undefined {
  const signedFor = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1]
  if (!signedFor) return undefined
  const service = iamNames[signedFor] ?? signedFor
  const target = headers['x-amz-target']
  const rpc = /^\/service\/[^/]+\/operation\/([^/?]+)/.exec(url)?.[1]
  if (rpc) return { service, action: rpc, protocol: 'cbor' }
  if (typeof target === 'string') return { service, action: target.split('.').at(-1) ?? target, protocol: 'json' }
  const action =
    new URLSearchParams(body.toString()).get('Action') ?? new URL(url, 'http://x').searchParams.get('Action')
  if (action) return { service, action, protocol: service === 'ec2' ? 'ec2' : 'query' }
  return { service, action: `${method} ${url.split('?')[0]}`, protocol: 'rest' }
}

/** The answer with which a service says no, in the form of its protocol. */
export function errorAnswer(
  protocol: AwsProtocol,
  { code, message }: { readonly code: string; readonly message: string },
): { readonly headers: Record<string, string>; readonly body: string | Buffer } {
  const requestId = '7a62c49f-347e-4fc4-9331-6e8eEXAMPLE'
  const xml = { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId }
  const error = `<Code>${code}</Code><Message>${escaped(message)}</Message>`
  if (protocol === 'ec2') {
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>${error}</Error></Errors><RequestID>${requestId}</RequestID></Response>`
    return { headers: xml, body }
  }
  if (protocol === 'query' || protocol === 'rest') {
    const body = `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`
    return { headers: xml, body }
  }
  if (protocol === 'cbor') {
    const headers = { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' }
    return { headers: { ...headers, 'x-amzn-requestid': requestId }, body: cborMap({ __type: code, message }) }
  }
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': requestId }
  return { headers, body: JSON.stringify({ __type: code, message }) }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A map of texts in CBOR (RFC 8949), of fewer than 24 entries. */
function cborMap(entries: Readonly<Record<string, string>>): Buffer {
  const all = Object.entries(entries)
  return Buffer.concat([Buffer.of(0xa0 + all.length), ...all.flat().map(cborText)])
}

function cborText(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.of(0x79, bytes.length >> 8, bytes.length & 0xff), bytes])
}
