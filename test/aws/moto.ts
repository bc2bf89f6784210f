import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureVenv } from '../../tasks/tools/python-venv.ts'
import { startKept } from './kept-process.ts'
import { quiet } from './settings.ts'

/** A running moto server (https://docs.getmoto.org), put right by moto-server.py: AWS's APIs over HTTP, records only, empty at its start. */
export interface Moto {
  readonly url: string
  /** What a client needs in its environment; credentials that moto takes, one region, and no configuration of the user. */
  readonly env: Readonly<Record<string, string>>
  /** Ends the server. */
  stop(): Promise<void>
}

/** Starts a moto server on a free port of 127.0.0.1, from a virtual environment of its own. */
export async function startMoto(): Promise<Moto> {
  const bin = await ensureVenv('moto', quiet)
  const port = await freePort()
  const program = join(import.meta.dirname, 'moto-server.py')
  const server = startKept(join(bin, 'python'), [program, '-H', '127.0.0.1', '-p', String(port)])
  server.stdout.resume()
  const url = `http://127.0.0.1:${port}`
  await answers(`${url}/moto-api/`)
  return {
    url,
    env: emulatedEnvironment(url),
    stop: server.stop,
  }
}

/** The environment of a client of AWS at `url`. */
export function emulatedEnvironment(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    // There are records only: no machine to reach, and no builder that anybody has to be let in to.
    BAKEROLL_AWS_REACH: 'none',
    BAKEROLL_AWS_CALLER_CIDR: '127.0.0.1/32',
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return
    await sleep(100)
  }
  throw new Error(`${url} does not answer`)
}
