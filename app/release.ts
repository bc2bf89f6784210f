import { createHash } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { licencesOf } from '../checker/one-file/licences.ts'

/** The path of the bundle in the container. */
export const bundlePath = 'app/app.mjs'

/**
 * Writes the upper layer of the example's container image into `folder`: the service as one file. Returns its digest.
 */
export async function writeRelease({ release, folder }: { release: string; folder: string }): Promise<string> {
  const text = await bundle(release)
  const path = join(folder, bundlePath)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  // Explicit modes, whatever the umask: the container runs as another user.
  await chmod(dirname(path), 0o755)
  await chmod(path, 0o644)
  return digestOf(text)
}

/** The digest that `writeRelease` would return, without writing. */
export async function releaseDigest(release: string): Promise<string> {
  return digestOf(await bundle(release))
}

async function bundle(release: string): Promise<string> {
  const esbuild = await import('esbuild')
  // Source paths in the bundle are relative to this, wherever it is built.
  const absWorkingDir = dirname(import.meta.dirname)
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir,
    entryPoints: [`app/server${extname(import.meta.filename)}`],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    define: { BAKED_RELEASE: JSON.stringify(release) },
    // A user's own tsconfig must not change what is baked.
    tsconfigRaw: {},
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  const licences = licencesOf([metafile], absWorkingDir).replaceAll('*/', '*)')
  return `${outputFiles[0]?.text ?? ''}/*\n${licences}*/\n`
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
