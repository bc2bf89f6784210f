import { isRelease } from '../../lib/release-name.ts'
import type { Builder, Survey } from './survey.ts'

/** What the operator asked for beside what the folder tells. */
export interface Asked {
  readonly group?: string | undefined
  readonly platform?: string | undefined
}

/** A configuration file, and what is still missing for a bake. */
export interface Draft {
  readonly text: string
  readonly missing: readonly string[]
  /** Made by `service.build`, so not for git. */
  readonly built?: string | undefined
}

export function draftOf(survey: Survey, asked: Asked): Draft {
  const { image, missing, built } = imageOf(survey)
  const port = portOf(survey)
  const lines = [
    ...(asked.platform === undefined ? [] : [`platform: ${quoted(asked.platform)},`, '']),
    '// The instances are called after it.',
    `group: ${quoted(asked.group ?? survey.name)},`,
    ...releaseLines(survey),
    'service: {',
    ...[...image, ...port.lines, ...userLines(survey), ...healthLines(survey), ...further].map((line) => `  ${line}`),
    '},',
  ]
  const imports = [
    ...(survey.described === undefined ? [] : [`import { execFileSync } from 'node:child_process'`]),
    ...(survey.hasTypes ? [`import type { Config } from 'bakeroll'`] : []),
  ]
  const text = [
    '// `npx bakeroll --help settings` explains every setting. A line that is commented out is an example.',
    ...imports,
    ...(imports.length > 0 ? [''] : []),
    'export default {',
    ...lines.map((line) => `  ${line}`.trimEnd()),
    survey.hasTypes ? '} satisfies Config' : '}',
  ]
  return { text: `${text.join('\n')}\n`, missing: [...missing, ...port.missing], built }
}

/** Git's name for a commit may hold what a release may not. */
function releaseLines({ described, version }: Survey): string[] {
  if (described !== undefined) {
    const call = `execFileSync('git', ['describe', '--tags', '--always'], { cwd: import.meta.dirname, encoding: 'utf8' }).trim()`
    const fitted = isRelease(described) ? call : `${call}.replace(/[^\\w.-]+/g, '-')`
    return ["// Git's name for the commit that is checked out.", `release: ${fitted},`]
  }
  if (version !== undefined) return ['// The release is the version in package.json.']
  return ['// Change it with each release of the service.', `release: '0.1.0',`]
}

function imageOf(survey: Survey): { image: string[]; missing: string[]; built?: string } {
  const { name, dockerfile, builder, archive } = survey
  const file = `${name}.tar`
  const elsewhere = `// Or an image in a registry, in place of an archive: image: 'registry.example.org/${name}:1.0.0',`
  if (dockerfile !== undefined && (builder !== undefined || archive === undefined)) {
    const image = [
      '// Runs in this folder before the archive is read.',
      `build: ${quoted(buildCommand(builder ?? 'docker', survey))},`,
      `archive: ${quoted(file)},`,
      elsewhere,
    ]
    const missing = builder === undefined ? [`docker, podman or buildah, which build ${dockerfile.file}`] : []
    return { image, missing, built: file }
  }
  const image = [
    '// The container image as one file: docker save, or an OCI layout.',
    `archive: ${quoted(archive?.file ?? file)},`,
    "// A command that makes it before each bake: build: './build.sh',",
    elsewhere,
  ]
  if (archive !== undefined) return { image, missing: [] }
  return {
    image,
    missing: [
      `the container image: there is neither a Dockerfile nor an archive here; docker save -o ${file} IMAGE writes one`,
    ],
  }
}

function buildCommand(builder: Builder, { name, dockerfile }: Survey): string {
  const file = dockerfile?.file === 'Containerfile' && builder === 'docker' ? ' -f Containerfile' : ''
  const build = `${builder} build -t ${name}${file} .`
  // podman and buildah refuse to write over an archive.
  if (builder === 'docker') return `${build} && docker save -o ${name}.tar ${name}`
  if (builder === 'podman') return `${build} && rm -f ${name}.tar && podman save -o ${name}.tar ${name}`
  return `${build} && rm -f ${name}.tar && buildah push ${name} docker-archive:${name}.tar`
}

function portOf({ dockerfile, archive }: Survey): { lines: string[]; missing: string[] } {
  const exposed = archive?.image.ports.filter(({ protocol }) => protocol === 'tcp').map((one) => one.port) ?? []
  const [source, ports] = dockerfile?.facts.ports.length
    ? [dockerfile.file, dockerfile.facts.ports]
    : [archive?.file ?? dockerfile?.file, exposed]
  const [port, ...others] = [...new Set(ports)]
  if (port === undefined) {
    const missing = source === undefined ? [] : [`service.port: ${source} exposes none; 8000 is a guess`]
    return { lines: ['// Where the container listens.', 'port: 8000,'], missing }
  }
  const also = others.length === 0 ? '' : `, which also exposes ${others.join(', ')}`
  return { lines: [`// Where the container listens, as ${source} says${also}.`, `port: ${port},`], missing: [] }
}

function userLines({ dockerfile, archive }: Survey): string[] {
  const user = dockerfile === undefined ? archive?.image.user : dockerfile.facts.user
  // A Dockerfile without USER has that of the image below, which is not known here.
  const isRoot = /^(0|root)(:|$)/.test(user ?? '') || (dockerfile === undefined && user === '')
  return isRoot ? ['// It runs as root without the rights of root: another USER in the image is safer.'] : []
}

function healthLines({ dockerfile }: Survey): string[] {
  const path = dockerfile?.facts.healthPath
  const source =
    path === undefined
      ? 'Answers 200 while the service is healthy. / is a guess'
      : 'Answers 200 while the service is healthy, as HEALTHCHECK says'
  return [`// ${source}.`, `healthPath: ${quoted(path ?? '/')},`]
}

const further = [
  '// Where the service tells the time, if it does. Without it the clock of the machine is checked.',
  "// timePath: '/time',",
  '// Constants, and the names of secrets: npx bakeroll secret set DATABASE_URL',
  "// env: { GREETING: 'hello' },",
  "// secrets: ['DATABASE_URL'],",
  '// The largest upload.',
  "// bodyLimit: '50m',",
]

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
