import { readFileSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deflateRawSync } from 'node:zlib'
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild'
import { partNames, readPart } from './history/parts.ts'
import { compiledByCheck } from './one-file/cache.ts'
import { licencesOf } from './one-file/licences.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** Bundles the checker into one file that needs only Node 20; returns its path, `checker/dist/check.mjs`. */
export async function buildChecker(
  outputPath = fileURLToPath(new URL('dist/check.mjs', import.meta.url)),
): Promise<string> {
  const parts = await bundle('main.ts')
  const cache = await compiledByCheck(await oneFile(parts, 'check'))
  return write(outputPath, await oneFile(parts, 'check', cache))
}

/** Bundles the checker for AWS Lambda, handler `index.handler`; returns its path, `checker/dist/lambda/index.mjs`. */
export async function buildLambda(
  outputPath = fileURLToPath(new URL('dist/lambda/index.mjs', import.meta.url)),
): Promise<string> {
  return write(outputPath, await oneFile(await bundle('lambda/handler.ts'), 'lambda'))
}

interface Parts {
  /** One line, so that it can stand in a comment of the file. */
  readonly code: string
  /** Packages loaded on demand (mail, SNS, Prometheus), by name, compressed as base64. */
  readonly packages: ReadonlyMap<string, string>
  /** Of all bundled packages. */
  readonly licenses: string
}

async function bundle(entry: string): Promise<Parts> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const pageParts = Object.fromEntries(partNames.map((name) => [name, readPart(name)]))
  const packages = new Map<string, string>()
  const made: Metafile[] = []
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outdir: folder,
    legalComments: 'none',
    define: {
      BUNDLED_VERSION: JSON.stringify(version),
      BUNDLED_PARTS: JSON.stringify(pageParts),
      'import.meta.url': 'urlOfFile',
      'import.meta.dirname': 'urlOfFile',
      'performance.now': 'msOfProcess',
    },
    plugins: [packedPackages(packages, made), lateBuiltins],
  })
  const textOf = (suffix: string) => outputFiles.find(({ path }) => path.endsWith(suffix))?.text.trim() ?? ''
  const code = `(function(module,exports,builtins,unpack,msOfProcess,urlOfFile){${textOf('.js').replace(/^#!.*\n/, '')}})`
  if (/[\n\r\u2028\u2029]|[^\0-\xff]/.test(code)) throw new Error('the bundled code is not on one line of Latin-1')
  return { code, packages, licenses: licencesOf([metafile, ...made], folder).replaceAll('*/', '*)') }
}

async function oneFile(
  { code, packages, licenses }: Parts,
  kind: 'check' | 'lambda',
  cache?: Uint8Array,
): Promise<string> {
  const { version, arch, platform } = process
  const by = cache === undefined ? 'undefined' : JSON.stringify({ version, arch, platform })
  const { outputFiles } = await build({
    ...common,
    format: 'esm',
    stdin: {
      contents: `
        import { readScript, runScript } from './load.ts'
        const url = import.meta.url
        const builtins = process.getBuiltinModule ?? (await import('node:module')).createRequire(url)
        const file = builtins('node:fs').readFileSync(new URL(url))
        const made = runScript(readScript(file, builtins, ${by}, url), file, builtins, url)
        ${kind === 'lambda' ? 'export const { handler } = made' : ''}`,
      resolveDir: fileURLToPath(new URL('one-file', import.meta.url)),
    },
  })
  return [
    ...(kind === 'check' ? ['#!/usr/bin/env node'] : []),
    outputFiles[0]?.text.trimEnd(),
    `//${code}`,
    `//${Buffer.from(cache ?? '').toString('base64')}`,
    ...[...packages].toSorted().map(([name, text]) => `//${name} ${text}`),
    ...(licenses === '' ? [] : ['/*', licenses, '*/']),
    '',
  ].join('\n')
}

const common = {
  absWorkingDir: folder,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  logLevel: 'error',
  write: false,
  metafile: true,
  // A line break in a template would end the comment that holds the code.
  supported: { 'template-literal': false },
} satisfies BuildOptions

/** Dynamically imported packages are stored apart, compressed: Node neither parses nor keeps them until they are needed. */
function packedPackages(packages: Map<string, string>, made: Metafile[]): Plugin {
  return {
    name: 'packed packages',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(@[\w-]+\/)?[a-z][\w.-]*$/ }, ({ path, kind }) =>
        kind === 'dynamic-import' ? { path, namespace: 'packed' } : undefined,
      )
      onLoad({ filter: /^/, namespace: 'packed' }, async ({ path }) => {
        const { text, metafile } = await pack(path)
        packages.set(path, text)
        made.push(metafile)
        return { contents: `module.exports=unpack(${JSON.stringify(path)})` }
      })
    },
  }
}

/**
 * Loads Node's own modules when the module that imports them starts, not with the whole file as ES imports would: a plain check
 * never needs half of them, and node:http alone takes 20 ms.
 */
const lateBuiltins: Plugin = {
  name: 'late builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }))
    onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({ contents: `module.exports=builtins('${path}')` }))
  },
}

async function pack(name: string): Promise<{ text: string; metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    ...common,
    stdin: { contents: `module.exports=require('${name}')`, resolveDir: folder },
  })
  return { text: deflateRawSync(outputFiles[0]?.contents ?? '', { level: 9 }).toString('base64'), metafile }
}

async function write(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  await chmod(path, 0o755)
  return path
}

if (import.meta.main) await Promise.all([buildChecker(), buildLambda()])
