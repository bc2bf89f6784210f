import type { OwnClock } from '../run-types.ts'
import { driftPerMs, trusted } from './bounds.ts'

/** The time services that report a bound. */
export type DaemonName = 'chrony' | 'systemd-timesyncd' | 'ntp'

/** Parses a time service's output; undefined when it says nothing, as when it does not run. */
export function readDaemon(name: DaemonName, stdout: string, nowMs: number): OwnClock | undefined {
  switch (name) {
    case 'chrony':
      return readChrony(stdout)
    case 'systemd-timesyncd':
      return readTimesync(stdout, nowMs)
    case 'ntp':
      return readNtp(stdout)
  }
}

/** chronyc(1) itself gives `|system time offset| + root dispersion + root delay / 2` as the bound. */
function readChrony(stdout: string): OwnClock | undefined {
  const fields = stdout.trim().split(',')
  const [id, name = '', stratum] = fields
  const [slowS, rootDelayS, rootDispersionS] = [fields[4], fields[10], fields[11]].map(Number)
  const leap = fields[13]
  if (leap === undefined || slowS === undefined || rootDelayS === undefined || rootDispersionS === undefined) {
    return undefined
  }
  if (leap === 'Not synchronised' || stratum === '0') return unknown('chrony is not synchronised')
  if (id === '7F7F0101') return unknown('chrony follows its own clock')
  return within(-slowS * 1000, (rootDelayS / 2 + rootDispersionS) * 1000, `chrony (${name})`)
}

/** The last packet, of type (uuuuittayttttbtt), in microseconds; its offset may or may not have been corrected since. */
function readTimesync(stdout: string, nowMs: number): OwnClock | undefined {
  const data = timesyncMessage(stdout)
  if (data === undefined) return undefined
  const [leap, , , stratum, precision, rootDelay, rootDispersion, , sent, arrived, left, received, , packets] =
    data.map(Number) as number[] & { length: 15 }
  if (packets === 0 || leap === 3 || stratum === 0) return unknown('systemd-timesyncd is not synchronised')
  const offMs = Math.abs((arrived ?? 0) - (sent ?? 0) + ((left ?? 0) - (received ?? 0))) / 2000
  const delayMs = ((received ?? 0) - (sent ?? 0)) / 1000
  const rootMs = ((rootDelay ?? 0) / 2 + (rootDispersion ?? 0)) / 1000 + 2 ** (precision ?? 0) * 1000
  const ageMs = Math.abs(nowMs - (received ?? 0) / 1000)
  return within(0, offMs + delayMs / 2 + rootMs + ageMs * driftPerMs, 'systemd-timesyncd')
}

function timesyncMessage(stdout: string): readonly unknown[] | undefined {
  try {
    const { type, data } = JSON.parse(stdout)
    return type === '(uuuuittayttttbtt)' && Array.isArray(data) && data.length === 15 ? data : undefined
  } catch {
    return undefined
  }
}

/** The system variables, in milliseconds; the offset of the last update may or may not have been corrected since. */
function readNtp(stdout: string): OwnClock | undefined {
  const variable = (name: string) => new RegExp(`\\b${name}=([^\\s,]+)`).exec(stdout)?.[1]
  const [leap, stratum, id = ''] = ['leap', 'stratum', 'refid'].map(variable)
  if (leap === undefined) return undefined
  if (leap === '11' || leap === '3' || stratum === '16') return unknown('ntpd is not synchronised')
  if (/^(LOCL|LOCAL)/.test(id)) return unknown('ntpd follows its own clock')
  const [offMs, rootDelayMs, rootDispersionMs] = ['offset', 'rootdelay', 'rootdisp'].map((name) =>
    Number(variable(name)),
  )
  const ageMs = (stampMs(variable('clock')) - stampMs(variable('reftime'))) * driftPerMs
  return within(0, Math.abs(offMs ?? 0) + (rootDelayMs ?? 0) / 2 + (rootDispersionMs ?? 0) + ageMs, `ntpd (${id})`)
}

/** Seconds since 1900 and a fraction, 32 bits each, in hexadecimal. */
function stampMs(text = ''): number {
  const [seconds = '', fraction = ''] = text.replace(/^0x/, '').split('.')
  return (Number.parseInt(seconds, 16) + Number.parseInt(fraction, 16) / 2 ** 32) * 1000
}

function unknown(reason: string): OwnClock {
  return { state: 'unknown', reason }
}

/** Unreadable numbers prove nothing. */
function within(offsetMs: number, errorMs: number, source: string): OwnClock {
  const isProven = Number.isFinite(offsetMs) && errorMs >= 0 && errorMs < Number.POSITIVE_INFINITY
  if (!isProven) return unknown(`${source} tells no bound`)
  return trusted({ lowMs: offsetMs - errorMs, highMs: offsetMs + errorMs }, source)
}
