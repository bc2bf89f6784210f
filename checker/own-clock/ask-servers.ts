import { readWallClock, wallClockStepMs } from '../clock/wall-clock.ts'
import type { OwnClock } from '../run-types.ts'
import { majority } from './agree.ts'
import { askServer } from './ask-server.ts'
import { trusted } from './bounds.ts'
import type { TimeServer } from './servers.ts'

/** Measures our own clock against NTP servers, concurrently; ends within `timeoutMs` and never throws. */
export async function askServers(servers: readonly TimeServer[], timeoutMs: number): Promise<OwnClock> {
  const wallClock = readWallClock()
  const replies = await Promise.all(
    servers.map(async (server) => ({
      name: nameOf(server, servers),
      reply: await askServer(server, wallClock, timeoutMs),
    })),
  )
  if (wallClockStepMs(wallClock) !== 0) return { state: 'unknown', reason: 'it was stepped while it was measured' }
  const failed = replies.flatMap(({ name, reply }) => ('problem' in reply ? [`${name}: ${reply.problem}`] : []))
  const said = replies.flatMap(({ name, reply }) => ('problem' in reply ? [] : [{ name, ...reply }]))
  if (said.length === 0) return { state: 'unknown', reason: failed.join('; ') }
  const agreed = majority(said)
  if (agreed === undefined) {
    const offsets = said.map(({ name, lowMs, highMs }) => `${name}: ${inMs(lowMs)} to ${inMs(highMs)} ms ahead`)
    return { state: 'unknown', reason: `its time servers contradict each other: ${offsets.join('; ')}` }
  }
  return trusted(agreed, `ntp ${[...said.map(({ name }) => name), ...failed.map((why) => `(${why})`)].join(', ')}`)
}

/** Adds the port only if the host is listed more than once. */
function nameOf({ host, port }: TimeServer, servers: readonly TimeServer[]): string {
  return servers.filter((server) => server.host === host).length > 1 ? `${host}:${port}` : host
}

function inMs(ms: number): string {
  return (Math.round(ms * 10) / 10 + 0).toString()
}
