import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Load, LoadResult } from '../../tasks/tools/load.ts'

const bodyBytes = 8

/** Requests that each take `seconds` because their body comes byte by byte, `perSecond` of them begun every second, until stopped. */
export function startSlowRequests(url: string, { perSecond, seconds }: { perSecond: number; seconds: number }): Load {
  const counts = new Map<string, number>()
  const running = new Set<Promise<void>>()
  const begin = () => {
    const one = slowRequest(new URL(url), seconds)
      .catch((error: Error) => error.message)
      .then((result) => void counts.set(result, (counts.get(result) ?? 0) + 1))
      .finally(() => running.delete(one))
    running.add(one)
  }
  const timer = setInterval(begin, 1000 / perSecond)
  return {
    async stop(): Promise<LoadResult> {
      clearInterval(timer)
      await Promise.all(running)
      const failures = [...counts].filter(([name]) => name !== '200')
      return {
        sent: sum([...counts.values()]),
        failed: sum(failures.map(([, number]) => number)),
        failures: Object.fromEntries(failures),
      }
    },
  }
}

/** Gives the status of the answer. */
async function slowRequest({ hostname, port, pathname }: URL, seconds: number): Promise<string> {
  const socket = connect({ host: hostname, port: Number(port) })
  socket.setTimeout(30_000, () => socket.destroy(new Error('no answer')))
  let answer = ''
  const ended = new Promise<void>((resolve, reject) => {
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('end', resolve)
    socket.on('error', reject)
    socket.on('close', resolve)
  })
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\nContent-Length: ${bodyBytes}\r\n\r\n`,
  )
  for (let sent = 0; sent < bodyBytes && !socket.destroyed; sent += 1) {
    await sleep((seconds * 1000) / bodyBytes)
    socket.write('x')
  }
  await ended
  return /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? (answer === '' ? 'closed without an answer' : answer.slice(0, 60))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}
