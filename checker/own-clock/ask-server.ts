import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { isIP } from 'node:net'
import type { WallClock } from '../clock/wall-clock.ts'
import { LookUpError } from '../names/look-up-error.ts'
import { openNames } from '../names/names.ts'
import type { OwnInterval } from './bounds.ts'
import { answers, ntpRequest, type Refusal, readReply } from './ntp-packet.ts'
import type { TimeServer } from './servers.ts'

/** UDP may lose a request or its answer. */
const askAgainMs = 1000

/** Asks one server over UDP, repeated every second until it answers; ends within `timeoutMs` and never throws. */
export async function askServer(
  { host, port }: TimeServer,
  wallClock: WallClock,
  timeoutMs: number,
): Promise<OwnInterval | Refusal> {
  const endMs = performance.now() + timeoutMs
  try {
    const [address = host] = isIP(host) === 0 ? await openNames(endMs).addressesOf(host) : [host]
    return await ask(address, port, wallClock, endMs - performance.now())
  } catch (error) {
    return { problem: `could not be looked up (${error instanceof LookUpError ? error.code : error})` }
  }
}

function ask(address: string, port: number, wallClock: WallClock, timeoutMs: number): Promise<OwnInterval | Refusal> {
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
  const asked: { readonly cookie: Buffer; readonly sentMs: number }[] = []
  return new Promise((resolve) => {
    const send = () => {
      const cookie = randomBytes(8)
      asked.push({ cookie, sentMs: wallClock(performance.now()) - wallClock.errorMs })
      socket.send(ntpRequest(cookie))
    }
    let repeat: NodeJS.Timeout | undefined
    const end = (result: OwnInterval | Refusal) => {
      clearTimeout(timer)
      clearInterval(repeat)
      socket.close()
      resolve(result)
    }
    const noAnswer = { problem: `no answer within ${Math.round(timeoutMs / 100) / 10} s` }
    const timer = setTimeout(() => end(noAnswer), Math.max(0, timeoutMs))
    socket.once('error', (error) => end({ problem: codeOf(error) }))
    socket.on('message', (packet) => {
      const receivedMs = wallClock(performance.now()) + wallClock.errorMs
      const request = asked.find(({ cookie }) => answers(packet, cookie))
      if (request !== undefined) end(readReply(packet, { ...request, receivedMs }))
    })
    // On a connected socket the kernel accepts packets from this server only, and reports when nothing listens there.
    socket.connect(port, address, () => {
      send()
      repeat = setInterval(send, askAgainMs)
    })
  })
}

function codeOf(error: Error): string {
  return 'code' in error && error.code === 'ECONNREFUSED' ? 'nothing listens there' : error.message
}
