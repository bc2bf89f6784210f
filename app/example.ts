import { join } from 'node:path'

/** The time service, described as in a configuration file. */
export const example = {
  port: 3000,
  healthPath: '/healthz',
  timePath: '/now',
  timeFormat: 'iso8601',
  env: new Map([['HOST', '0.0.0.0']]),
  stopSeconds: 40,
  bodyLimit: '1k',
  answerTimeoutSeconds: 10,
  nginx: join(import.meta.dirname, 'nginx-lines.conf'),
} as const
