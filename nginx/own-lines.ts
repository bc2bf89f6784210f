import { OperatorError } from '../tasks/lib/errors.ts'
import { type Directive, directivesOf } from './directives.ts'
import { ConfigurationError } from './tokens.ts'

/** A user's text, and the name of its file for errors. */
export interface NginxText {
  readonly file: string
  readonly text: string
}

/** The user's lines, and which of ours they replace. */
export interface OwnLines {
  /** Directives that nginx allows in `http` alone. */
  readonly http: string
  readonly server: string
  /** Paths of their `location`s that are exact (`= /version.txt`) or a prefix (`/`). */
  readonly locations: ReadonlySet<string>
  /** Names of request headers for the service that they set, in lower case. */
  readonly requestHeaders: ReadonlySet<string>
}

/** nginx.org/en/docs/dirindex.html: context `http`, of the modules in Debian's nginx-light. */
const onlyInHttp = new Set([
  'charset_map',
  'fastcgi_cache_path',
  'geo',
  'limit_conn_zone',
  'limit_req_zone',
  'log_format',
  'map',
  'map_hash_bucket_size',
  'map_hash_max_size',
  'proxy_cache_path',
  'scgi_cache_path',
  'server_names_hash_bucket_size',
  'server_names_hash_max_size',
  'split_clients',
  'upstream',
  'uwsgi_cache_path',
  'variables_hash_bucket_size',
  'variables_hash_max_size',
])

const ofWholeFile = new Set(['events', 'http', 'mail', 'server', 'stream'])

export function ownLines({ file, text }: NginxText): OwnLines {
  const directives = readDirectives({ file, text })
  const whole = directives.find(({ name }) => ofWholeFile.has(name))
  if (whole !== undefined) {
    throw new OperatorError(
      'usage',
      `${file}:${whole.line}: "${whole.name}" has no place among lines for nginx's server`,
      {
        hint: 'leave it out, or write a whole template, a file that ends in .mustache',
      },
    )
  }
  const textOf = (some: readonly Directive[]) =>
    some
      .map((directive) => directive.text.replace(/\n?$/, '\n'))
      .join('')
      .replace(/^\n+/, '')
  const argsOf = (name: string) => directives.filter((directive) => directive.name === name).map(({ args }) => args)
  return {
    http: textOf(directives.filter(({ name }) => onlyInHttp.has(name))),
    server: textOf(directives.filter(({ name }) => !onlyInHttp.has(name))),
    locations: new Set(argsOf('location').map((args) => args.filter((word) => word !== '^~').join(' '))),
    requestHeaders: new Set(argsOf('proxy_set_header').map(([name = '']) => name.toLowerCase())),
  }
}

/** Throws `usage` with file and line for a text that nginx cannot read. */
export function readDirectives({ file, text }: NginxText): Directive[] {
  try {
    return directivesOf(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    throw new OperatorError('usage', `${file}:${error.line}: ${error.message}`, { cause: error })
  }
}
