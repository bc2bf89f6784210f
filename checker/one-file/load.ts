import type { Script } from 'node:vm'

/** Loads one of Node's own modules. */
export type Builtins = (name: string) => unknown

/** The Node that made the code cache; no other can use it. */
export interface CachedBy {
  readonly version: string
  readonly arch: string
  readonly platform: string
}

/**
 * Reads the code from one-line comments in the bundle: the code itself, V8's code cache, and packages by name. V8 then does not
 * parse code that a check never runs, and with the cache hardly any at all.
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

/** Runs the code and returns its exports. */
export function runScript(script: Script, file: Buffer, builtins: Builtins, url: string): unknown {
  const made = { exports: {} }
  const unpack = (name: string) => unpackPackage(file, builtins, name)
  script.runInThisContext()(made, made.exports, builtins, unpack, msOfProcess, url)
  return made.exports
}

/** `performance.now()` without perf_hooks, which Node loads on the first call. */
function msOfProcess(): number {
  return process.uptime() * 1000
}

/** Loads a package from the bundle. */
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
