import { example } from '../../app/example.ts'
import type { TimeFormat } from '../../checker/clock/time-format.ts'
import { OperatorError } from '../lib/errors.ts'
import type { Settings } from '../settings/settings.ts'
import type { Expectations } from '../tools/probe.ts'

/** The user's service, with defaults for what they left out. */
export interface Service extends Omit<Settings['service'], keyof Facts>, Facts {
  /** No container image is named: it is the time service in `app/`. */
  readonly isExample: boolean
}

interface Facts {
  readonly port: number
  readonly network: 'bridge' | 'host'
  readonly healthPath: string
  readonly versionPath: string
  readonly timePath: string
  readonly timeFormat: TimeFormat
  readonly env: ReadonlyMap<string, string>
  readonly bodyLimit: string
  readonly answerTimeoutSeconds: number
  readonly nginx: string | undefined
}

const unknown: Facts = {
  port: 8000,
  network: 'bridge',
  healthPath: '/',
  versionPath: '/version.txt',
  timePath: '/',
  timeFormat: 'http-date',
  env: new Map(),
  bodyLimit: '1m',
  answerTimeoutSeconds: 60,
  nginx: undefined,
}

/** Where a group's service answers: what `check.*` says, else what `service.*` says. `said` has what was set explicitly. */
export function groupCheck({ check, service: told }: Settings, said: ReadonlyMap<string, string>): Settings['check'] {
  const service = serviceOf(told)
  const from = (key: 'versionPath' | 'timePath' | 'timeFormat') => (said.has(`check.${key}`) ? check : service)
  const { versionPath } = from('versionPath')
  const { timePath } = from('timePath')
  const { timeFormat } = from('timeFormat')
  return { ...check, versionPath, timePath, timeFormat }
}

export function serviceOf(said: Settings['service']): Service {
  const isExample = [said.archive, said.image, said.build].every((source) => source === undefined)
  const facts: Facts = isExample ? { ...unknown, ...example } : unknown
  const { healthPath = facts.healthPath } = said
  return {
    ...said,
    isExample,
    port: said.port ?? facts.port,
    network: said.network ?? facts.network,
    healthPath,
    versionPath: said.versionPath ?? facts.versionPath,
    timePath: said.timePath ?? (isExample ? facts.timePath : healthPath),
    timeFormat: said.timeFormat ?? (said.timePath === undefined ? facts.timeFormat : 'auto'),
    env: new Map([...facts.env, ...said.env]),
    bodyLimit: said.bodyLimit ?? facts.bodyLimit,
    answerTimeoutSeconds: said.answerTimeoutSeconds ?? facts.answerTimeoutSeconds,
    nginx: said.nginx ?? facts.nginx,
  }
}

/** What the test of an image asks, and with which values it lets the service start. */
export interface ServiceTest {
  /** Values of secrets. */
  readonly values: ReadonlyMap<string, string>
  /** Undefined: the service itself is left out, and nginx alone is asked. */
  readonly healthPath: string | undefined
  /** Where nginx tells the release; undefined when the service does. */
  readonly versionPath: string | undefined
  readonly expected: Expectations
  /** Secrets without a value for tests, without which the service does not start. */
  readonly lacking: readonly string[]
}

/** Values of secrets belong to groups, and a tested instance is of none: it gets those of `service.testEnv`. */
export function serviceTest(service: Service, expected: Expectations): ServiceTest {
  const { secrets, testEnv, healthPath } = service
  const versionPath = nginxVersionPath(service)
  const lacking = secrets.filter((name) => !testEnv.has(name))
  const values = new Map([...testEnv].filter(([name]) => secrets.includes(name)))
  if (lacking.length === 0) return { values, healthPath, versionPath, expected, lacking }
  if (versionPath === undefined) {
    throw new OperatorError(
      'usage',
      `service.versionPath ${service.versionPath} is asked of the service, which does not start without ${lacking.join(', ')}`,
      {
        hint: 'give service.testEnv values for the test of the image',
      },
    )
  }
  const ofNginx = { versionPath: '/version.txt', timePath: '/version.txt', timeFormat: 'http-date' } as const
  return { values, healthPath: undefined, versionPath, expected: { ...expected, ...ofNginx }, lacking }
}

/** Undefined when the service itself tells its release. */
export function nginxVersionPath({ versionPath }: Service): string | undefined {
  return versionPath === '/version.txt' ? versionPath : undefined
}

/** Why an image is not tested in full; undefined when it is. */
export function untestedWarning({ lacking }: ServiceTest): string | undefined {
  if (lacking.length === 0) return undefined
  return `the test of the image leaves the service out: service.testEnv has no value for ${lacking.join(', ')}`
}
