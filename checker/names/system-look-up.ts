import { spawn } from 'node:child_process'
import { isIP } from 'node:net'
import { takeTurns } from '../probe/turns.ts'
import { programIn } from '../programs.ts'

/** A list of names that nobody knows must not be as many processes. */
const inTurn = takeTurns(8, 1000)

/**
 * Asks the system's own look-up, in a process of its own (`getent`), since in ours it could not be ended: Node's `lookup` waits for
 * getaddrinfo, and so does the end of the process. Empty: it knows no such name, does not answer until `endMs`, or is not there.
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

/** Reads what `getent ahosts` prints: an address begins each line, one for each kind of socket. */
function addressesIn(text: string): string[] {
  const first = text.split('\n').map((line) => line.split(/\s/)[0] ?? '')
  return [...new Set(first.filter((word) => isIP(word) !== 0))]
}
