import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import mustache from 'mustache'
import { licencesOf } from '../checker/one-file/licences.ts'
import { renderNginx } from '../nginx/nginx.ts'
import { nginxSettings } from './nginx-settings.ts'
import { assertRelease } from './release-name.ts'

/** A release on disk: its files, relative to `folder`, and the digest of their names and contents. */
export interface WrittenRelease {
  folder: string
  files: string[]
  digest: string
}

/** Writes app.mjs, Dockerfile, nginx/ and version.txt into `folder`; throws a TypeError for a bad release name. */
export async function writeRelease(wanted: { release: string; folder: string }): Promise<WrittenRelease> {
  const files = await releaseFiles(wanted.release)
  for (const [name, text] of files) {
    const path = join(wanted.folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
    // Explicit mode, whatever the umask: the container runs as another user.
    await chmod(path, 0o644)
  }
  return { folder: wanted.folder, files: files.map(([name]) => name), digest: digestOf(files) }
}

/** The digest that `writeRelease` would return, without writing. */
export async function releaseDigest(release: string): Promise<string> {
  return digestOf(await releaseFiles(release))
}

type NamedText = [name: string, text: string]

async function releaseFiles(release: string): Promise<NamedText[]> {
  assertRelease(release)
  const dockerfile = readFileSync(join(import.meta.dirname, 'Dockerfile.mustache'), 'utf8')
  const files: NamedText[] = [
    ['Dockerfile', mustache.render(dockerfile, { release })],
    ['app.mjs', await bundle(release)],
    ['version.txt', `${release}\n`],
  ]
  for (const [name, text] of Object.entries(renderNginx({ release, ...nginxSettings })))
    files.push([`nginx/${name}`, text])
  return files.sort(([a], [b]) => (a < b ? -1 : 1))
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

function digestOf(files: NamedText[]): string {
  const hash = createHash('sha256')
  for (const [name, text] of files) hash.update(`${name}\0${Buffer.byteLength(text)}\0${text}`)
  return hash.digest('hex')
}
