import { setTimeout as delay } from 'node:timers/promises'
import { type Listener, openListener } from './listener.ts'
import { readServerSettings, type ServerSettings } from './server-settings.ts'
import { createService } from './service.ts'

/** Set by esbuild when the release is baked. */
declare const BAKED_RELEASE: string

function settingsOrExit(): ServerSettings {
  try {
    return readServerSettings(process.env, typeof BAKED_RELEASE === 'string' ? BAKED_RELEASE : '0.0.0-unbaked')
  } catch (error) {
    console.error(`error: ${(error as Error).message.replaceAll('\n', '\nerror: ')}`)
    process.exit(2)
  }
}

async function listenOrExit(app: Parameters<typeof openListener>[0]): Promise<Listener> {
  try {
    return await openListener(app, settings)
  } catch (error) {
    console.error(`error: cannot listen on ${settings.host} port ${settings.port}: ${(error as Error).message}`)
    process.exit(1)
  }
}

const settings = settingsOrExit()
const service = createService(settings)

// Before listening: as process 1 of a container, a signal without a handler would be lost.
const firstSignal = new AbortController()
const secondSignal = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => (firstSignal.signal.aborted ? secondSignal : firstSignal).abort())
}

const listener = await listenOrExit(service.app)
console.log(`listening on ${listener.url}, release ${settings.release}`)
await aborted(firstSignal.signal)

service.drain()
listener.drain()
console.log(`draining for ${settings.drainSeconds} s; a second signal skips the wait`)
await Promise.race([delay(settings.drainSeconds * 1000, undefined, { ref: false }), aborted(secondSignal.signal)])

console.log(`closing; requests have ${settings.shutdownSeconds} s to finish`)
const outcome = await listener.close(settings.shutdownSeconds)
console.log(outcome === 'finished' ? 'closed' : 'closed; some requests were cut off')
process.exit(outcome === 'finished' ? 0 : 1)

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
