import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { singleQuoted } from '../../checker/shell-word.ts'

const script = join(import.meta.dirname, '../../packer/verify.sh')

/** Time limits, and the paths where the service reports its health and nginx the release; without a path, that test is skipped. */
export interface ImageTestLimits {
  readonly clockSeconds: number
  readonly serviceSeconds: number
  readonly healthPath: string | undefined
  readonly versionPath: string | undefined
}

/** The arguments of packer/verify.sh. */
export function imageTestArguments(release: string, limits: ImageTestLimits): string {
  const { clockSeconds, serviceSeconds, healthPath = '', versionPath = '' } = limits
  return [release, clockSeconds, serviceSeconds, singleQuoted(healthPath), singleQuoted(versionPath)].join(' ')
}

/**
 * The script that `sh` runs as root on an instance of a new image: packer/verify.sh. It waits for a synchronised clock and for
 * the service, reports a fault on standard output and then exits with 1.
 */
export function imageTest(release: string, limits: ImageTestLimits): string {
  return `set -- ${imageTestArguments(release, limits)}\n${readFileSync(script, 'utf8')}`
}

/** The fault in the output of a failed test. */
export function faultIn(output: string): string | undefined {
  return output.match(/^verify: (.*)$/m)?.[1]
}

const remedies: readonly (readonly [fault: RegExp, remedy: string])[] = [
  [
    /read-only file system/i,
    "the container may write to /tmp and /run: service.options ['--tmpfs=/var/cache/it:mode=1777'] adds a folder",
  ],
  [/^GET \S+: (3\d\d|404),/, 'service.healthPath is a path that answers 200 itself while the service is healthy'],
  [
    /^GET \S+: 50[24],.* the container is running;/,
    'the service listens on every address of its container (0.0.0.0), at service.port',
  ],
]

/** What the user can change, if the fault shows it. */
export function remedyFor(fault: string): string | undefined {
  return remedies.find(([pattern]) => pattern.test(fault))?.[1]
}

/** The id of the boot in which a test ran. */
export function bootIdIn(output: string): string {
  return output.match(/^bakeroll-boot (\S+)$/m)?.[1] ?? ''
}

/** Whether chrony follows another clock: a time server's, or that of the instance's host. */
export function isSynchronised(output: string): boolean {
  return /^bakeroll-clock synchronised$/m.test(output)
}

/** A line of a test's output, and when it arrived (milliseconds since 1970). */
export interface HeardLine {
  readonly text: string
  readonly heardAt: number
}

const limitMs = 1000

/**
 * What is wrong with an instance's clock, from its `bakeroll-clock` lines; `undefined` when nothing is.
 * `synchronised` comes from chrony. Otherwise each line holds the instance's time, which arrived a little later: the line that
 * arrived fastest counts.
 */
export function clockFault(lines: readonly HeardLine[]): string | undefined {
  const told = lines.flatMap(({ text, heardAt }) => {
    const [, word] = text.match(/^bakeroll-clock (synchronised|\d+)$/) ?? []
    return word === undefined ? [] : [{ word, heardAt }]
  })
  if (told.length === 0) return 'it did not tell its clock'
  if (told.at(-1)?.word === 'synchronised') return undefined
  const offsets = told.filter(({ word }) => word !== 'synchronised').map(({ word, heardAt }) => Number(word) - heardAt)
  const offset = Math.max(...offsets)
  if (Math.abs(offset) <= limitMs) return undefined
  return `its clock is off by ${(offset / 1000).toFixed(1)} s, and no time server has set it`
}
