import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { partNames, readPart } from './history/parts.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** Bundles the checker into one file that needs only Node 20; returns the path of that file, `checker/dist/check.mjs`. */
export async function buildChecker(
  outputPath = fileURLToPath(new URL('dist/check.mjs', import.meta.url)),
): Promise<string> {
  return bundle('main.ts', outputPath)
}

/** Bundles the checker for AWS Lambda, handler `index.handler`; returns the path of that file, `checker/dist/lambda/index.mjs`. */
export async function buildLambda(
  outputPath = fileURLToPath(new URL('dist/lambda/index.mjs', import.meta.url)),
): Promise<string> {
  return bundle('lambda/handler.ts', outputPath)
}

async function bundle(entry: string, outputPath: string): Promise<string> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const parts = Object.fromEntries(partNames.map((name) => [name, readPart(name)]))
  await build({
    ...common,
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outfile: outputPath,
    define: { BUNDLED_VERSION: JSON.stringify(version), BUNDLED_PARTS: JSON.stringify(parts) },
    plugins: [packedPackages, lateBuiltins],
    banner: { js: "import{createRequire}from'node:module';const requireOfNode=createRequire(import.meta.url);" },
  })
  return outputPath
}

const common = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'error',
} satisfies BuildOptions

/**
 * Packages that are imported when they are needed (mail, SNS) go into the file as text, in `data:` urls: Node then neither
 * parses nor keeps them before that, which halves the time and saves a quarter of the memory of every other run.
 */
const packedPackages: Plugin = {
  name: 'packed packages',
  setup({ onResolve }) {
    const packed = new Map<string, Promise<string>>()
    onResolve({ filter: /^(@[\w-]+\/)?[a-z][\w.-]*$/ }, async ({ path, kind }) => {
      if (kind !== 'dynamic-import') return undefined
      const url = packed.get(path) ?? pack(path)
      packed.set(path, url)
      return { path: await url, external: true }
    })
  },
}

/**
 * Node's own modules are loaded when the module that imports them begins, not at the start of the whole file, where an import
 * of an ES module would stand: half of them are for what a plain check never does, and node:http alone takes 20 ms.
 */
const lateBuiltins: Plugin = {
  name: 'late builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }))
    onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports=requireOfNode('${path}')`,
    }))
  },
}

async function pack(name: string): Promise<string> {
  // Named one by one, since `export *` knows no names of CommonJS.
  const names = Object.keys(await import(name)).filter((exported) => /^[\w$]+$/.test(exported))
  const { outputFiles } = await build({
    ...common,
    stdin: { contents: `export { ${names.join(', ')} } from '${name}'`, resolveDir: folder },
    // CommonJS asks for Node's own modules at run time, and an ES module has no `require`.
    banner: { js: "import{createRequire as requireOfNode}from'node:module';const require=requireOfNode('file:///');" },
    write: false,
  })
  return `data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? '').toString('base64')}`
}

if (import.meta.main) await Promise.all([buildChecker(), buildLambda()])
