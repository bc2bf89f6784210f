import { driftPerMs, type OwnInterval } from './bounds.ts'

/** By our clock: the request left no earlier than `sentMs`, the answer arrived no later than `receivedMs`. */
export interface Exchange {
  readonly cookie: Buffer
  readonly sentMs: number
  readonly receivedMs: number
}

export interface Refusal {
  readonly problem: string
}

const eraMs = 2 ** 32 * 1000
const from1900Ms = 2_208_988_800_000
/** A server further from its reference does not count as synchronised (MAXDISP, RFC 5905, 7.2). */
const furthestRootMs = 16_000

/**
 * A client request (RFC 5905, 7.3): version 4, mode 3, all else zero except the transmit timestamp: 8 unguessable bytes that the
 * server echoes.
 */
export function ntpRequest(cookie: Buffer): Buffer {
  const packet = Buffer.alloc(48)
  packet[0] = 0x23
  cookie.copy(packet, 40)
  return packet
}

/** Whether a packet answers the request with this cookie; any other may come from anyone. */
export function answers(packet: Buffer, cookie: Buffer): boolean {
  return packet.length >= 48 && packet.subarray(24, 32).equals(cookie)
}

/** What an answer proves about our own clock, or why it proves nothing (RFC 5905, 7.3 and 7.4; RFC 4330, 5). */
export function readReply(packet: Buffer, exchange: Exchange): OwnInterval | Refusal {
  const problem = headerProblem(packet)
  if (problem !== undefined) return { problem }
  const { sentMs, receivedMs } = exchange
  const atServerMs = [32, 40].map((at) => timestampMs(packet, at, receivedMs))
  const [arrivedMs = Number.NaN, leftMs = Number.NaN] = atServerMs
  const errorMs = rootDistanceMs(packet) + 2 ** packet.readInt8(3) * 1000 + (receivedMs - sentMs) * driftPerMs
  if (leftMs < arrivedMs) return { problem: 'its answer left before the request arrived' }
  // The request arrived after it was sent, and the answer after it left.
  const interval = { lowMs: sentMs - arrivedMs - errorMs, highMs: receivedMs - leftMs + errorMs }
  return interval.lowMs <= interval.highMs
    ? interval
    : { problem: 'by its clock the exchange took longer than by ours' }
}

function headerProblem(packet: Buffer): string | undefined {
  const [first = 0, stratum = 0] = packet
  const version = (first >> 3) & 7
  if ((first & 7) !== 4 || version < 3 || version > 4) return `not an NTP server's answer (first byte ${first})`
  if (stratum === 0) return kiss(packet.toString('latin1', 12, 16))
  if (first >> 6 === 3 || stratum > 15) return 'not synchronised itself'
  if (isZero(packet, 32) || isZero(packet, 40)) return 'gives no time'
  const rootMs = rootDistanceMs(packet)
  return rootMs < furthestRootMs ? undefined : `${Math.round(rootMs / 1000)} s away from its reference`
}

/** Kiss-o'-death: the server wants no more requests (RFC 5905, 7.4). */
function kiss(code: string): string {
  return /^[A-Z]{4}$/.test(code) ? `refuses requests (${code})` : 'not synchronised itself'
}

/** Half the root delay plus the root dispersion, both seconds with a 16-bit fraction. */
function rootDistanceMs(packet: Buffer): number {
  return ((packet.readUInt32BE(4) / 2 + packet.readUInt32BE(8)) / 65_536) * 1000
}

function isZero(packet: Buffer, at: number): boolean {
  return packet.readUInt32BE(at) === 0 && packet.readUInt32BE(at + 4) === 0
}

/** Seconds since 1900 in 32 bits, which wrap around in 2036, and a 32-bit fraction; in the era nearest to `nearMs`. */
function timestampMs(packet: Buffer, at: number, nearMs: number): number {
  const inEraMs = packet.readUInt32BE(at) * 1000 + (packet.readUInt32BE(at + 4) / 2 ** 32) * 1000 - from1900Ms
  return inEraMs + Math.round((nearMs - inEraMs) / eraMs) * eraMs
}
