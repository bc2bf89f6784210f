import type { Script } from 'node:vm'

/** What gives Node's own modules. */
export type Builtins = (name: string) => unknown

/** The Node that V8 made the cache with; it is of no use to any other. */
export interface CachedBy {
  readonly version: string
  readonly arch: string
  readonly platform: string
}

/**
 * Reads the code that stands in a file behind its first lines, each part in a comment of one line: the code itself, what V8
 * has compiled of it, and packages by name. V8 parses none of it then: not the code that a check never runs, and with
 * the cache not even the rest.
 */
export function readScript(file: Buffer, builtins: Builtins, by: CachedBy | undefined, filename: string): Script {
  const codeAt = file.indexOf('\n//') + 3
  const codeEnd = file.indexOf('\n', codeAt)
  const cacheEnd = file.indexOf('\n', codeEnd + 1)
  const { version, arch, platform } = process
  const fits = by !== undefined && by.version === version && by.arch === arch && by.platform === platform
  const cachedData = fits ? Buffer.from(file.toString('latin1', codeEnd + 3, cacheEnd), 'base64') : undefined
  const { Script } = builtins('node:vm') as typeof import('node:vm')
  return new Script(file.toString('latin1', codeAt, codeEnd), { filename, ...(cachedData && { cachedData }) })
}

/** Runs the code and gives what it exports. */
export function runScript(script: Script, file: Buffer, builtins: Builtins, url: string): unknown {
  const made = { exports: {} }
  const unpack = (name: string) => unpackPackage(file, builtins, name)
  script.runInThisContext()(made, made.exports, builtins, unpack, msOfProcess, url)
  return made.exports
}

/** `performance.now()`, without all of perf_hooks, which Node loads for its first call. */
function msOfProcess(): number {
  return process.uptime() * 1000
}

/** A package that stands in the file. */
export function unpackPackage(file: Buffer, builtins: Builtins, name: string): unknown {
  const mark = `\n//${name} `
  const at = file.indexOf(mark) + mark.length
  const packed = Buffer.from(file.toString('latin1', at, file.indexOf('\n', at)), 'base64')
  const { inflateRawSync } = builtins('node:zlib') as typeof import('node:zlib')
  const { Script } = builtins('node:vm') as typeof import('node:vm')
  const made = { exports: {} }
  const code = `(function(module,exports,require){${inflateRawSync(packed)}\n})`
  new Script(code, { filename: name }).runInThisContext()(made, made.exports, builtins)
  return made.exports
}
