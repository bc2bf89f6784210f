import { isIP } from 'node:net'

export interface ServerSettings {
  release: string
  host: string
  port: number
  /** How long /healthz answers 503 before the server stops accepting, so that load balancers notice first. */
  drainSeconds: number
  /** Time for requests to finish after that. */
  shutdownSeconds: number
}

/**
 * Reads PORT (0: any free one), HOST, RELEASE, DRAIN_SECONDS and SHUTDOWN_SECONDS; throws one TypeError with all bad
 * values.
 */
export function readServerSettings(env: NodeJS.ProcessEnv, bakedRelease: string): ServerSettings {
  const problems: string[] = []
  const refuse = (name: string, expected: string) =>
    problems.push(`${name}: expected ${expected}, got ${JSON.stringify(env[name])}`)

  const whole = (name: string, fallback: number, highest: number) => {
    const text = env[name] ?? String(fallback)
    const value = Number(text)
    if (!/^\d+$/.test(text) || value > highest) refuse(name, `a whole number from 0 to ${highest}`)
    return value
  }

  const settings: ServerSettings = {
    release: env.RELEASE ?? bakedRelease,
    host: env.HOST ?? '127.0.0.1',
    port: whole('PORT', 3000, 65_535),
    drainSeconds: whole('DRAIN_SECONDS', 5, 3600),
    shutdownSeconds: whole('SHUTDOWN_SECONDS', 25, 3600),
  }
  if (!/^\S+$/.test(settings.release)) refuse('RELEASE', 'a version such as 1.4.0')
  if (isIP(settings.host) === 0) refuse('HOST', 'an IP address')
  if (problems.length > 0) throw new TypeError(problems.join('\n'))
  return settings
}
