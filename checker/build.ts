import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Bundles the checker into one file that needs only Node 20; returns the path of that file, `checker/dist/check.mjs`. */
export async function buildChecker(
  outputPath = fileURLToPath(new URL('dist/check.mjs', import.meta.url)),
): Promise<string> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  await build({
    entryPoints: [fileURLToPath(new URL('main.ts', import.meta.url))],
    outfile: outputPath,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    define: { BUNDLED_VERSION: JSON.stringify(version) },
    logLevel: 'error',
  })
  return outputPath
}

if (import.meta.main) await buildChecker()
