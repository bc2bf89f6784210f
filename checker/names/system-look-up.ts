import { spawn } from 'node:child_process'
import { isIP } from 'node:net'
import { takeTurns } from '../probe/turns.ts'
import { programIn } from '../programs.ts'

/** Many unknown names must not start as many processes. */
const inTurn = takeTurns(8, 1000)

/**
 * Asks the system's look-up in a separate process (`getent`) that can be killed: Node's `lookup` waits for getaddrinfo, and so
 * does the end of our process. Empty when the name is unknown, no answer comes by `endMs`, or getent is not installed.
 */
export function addressesOfSystem(name: string, endMs: number): Promise<string[]> {
  const getent = programIn('getent')
  if (getent === undefined || name.startsWith('-')) return Promise.resolve([])
  return inTurn(
    () =>
      new Promise((resolve) => {
        const child = spawn(getent, ['ahosts', name], { stdio: ['ignore', 'pipe', 'ignore'] })
        const timer = setTimeout(() => child.kill('SIGKILL'), Math.max(0, endMs - performance.now()))
        let said = ''
        child.stdout.on('data', (chunk) => {
          said += chunk
        })
        const end = () => {
          clearTimeout(timer)
          resolve(addressesIn(said))
        }
        child.once('error', end)
        child.once('close', end)
      }),
  )
}

/** Parses the output of `getent ahosts`: each line starts with an address, repeated for each socket type. */
function addressesIn(text: string): string[] {
  const first = text.split('\n').map((line) => line.split(/\s/)[0] ?? '')
  return [...new Set(first.filter((word) => isIP(word) !== 0))]
}
