import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, constants, copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type FoundNode, nodeFault } from './official-node.ts'

const run = promisify(execFile)

/** Why the locked Node must not go into an image; undefined when it is the official one. */
export async function runtimeFault(): Promise<string | undefined> {
  return nodeFault(await lockedNode())
}

/**
 * Fills the new `folder` with the lower layer of the example's container image: the locked Node for this platform, its libraries,
 * an account 65532, /tmp. Returns the digest of `runtimeDigest`: same digest, same content. Throws when that Node is not the
 * official one.
 */
export async function writeRuntime(folder: string): Promise<{ folder: string; digest: string }> {
  const node = await lockedNode()
  const fault = await nodeFault(node)
  if (fault !== undefined) throw new Error(fault)
  const libraries = await librariesOf(node.path)
  await mkdir(folder, { recursive: true })
  await fillRoot(folder, node, libraries)
  return { folder, digest: await digestOf(node, libraries) }
}

/**
 * Identifies the output of `writeRuntime` in milliseconds: reads libraries and recipe, but of Node only name, version
 * and size, because the integrity in package-lock.json fixes its bytes.
 */
export async function runtimeDigest(): Promise<string> {
  const node = await lockedNode()
  return digestOf(node, await librariesOf(node.path))
}

/** The libraries in the output of `ldd` (glibc), sorted; throws when one is missing. */
export function librariesFrom(lddOutput: string): string[] {
  const missing = lddOutput.match(/^\s*(\S+) => not found$/m)
  if (missing) throw new Error(`a library that Node needs is not installed: ${missing[1]}`)
  const paths = lddOutput.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/gm)
  return [...new Set(Array.from(paths, ([, path]) => path as string))].sort()
}

interface LockedNode extends FoundNode {
  /** Name, version and size. */
  readonly identity: string
  /** The licence file, which must be distributed with Node. */
  readonly licence: string
}

async function lockedNode(): Promise<LockedNode> {
  const { arch, platform } = process
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) {
    throw new Error(`a runtime can be made on Linux x64 and arm64, not on ${platform} ${arch}`)
  }
  const name = `node-linux-${arch}`
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
  const { version } = JSON.parse(await readFile(manifest, 'utf8'))
  const path = join(dirname(manifest), 'bin/node')
  const { size } = await stat(path)
  const licence = join(dirname(manifest), 'LICENSE')
  return { path, version, arch, identity: `${name} ${version} ${size}`, licence }
}

async function librariesOf(program: string): Promise<string[]> {
  // With a clean environment, because LD_PRELOAD and LD_LIBRARY_PATH would change the result.
  const { stdout } = await run('ldd', [program], { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } })
  return librariesFrom(stdout)
}

async function digestOf(node: LockedNode, libraries: string[]): Promise<string> {
  const hash = createHash('sha256').update(node.identity)
  for (const path of [...libraries, import.meta.filename]) {
    const isOurs = path === import.meta.filename
    const content = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
    hash.update(`\n${isOurs ? 'recipe' : path} ${content}`)
  }
  return hash.digest('hex')
}

async function fillRoot(root: string, { path: nodePath, licence }: LockedNode, libraries: string[]): Promise<void> {
  const place = async (from: string, to: string, mode: number) => {
    await makeFolder(root, dirname(to))
    await copyFile(from, join(root, to), constants.COPYFILE_FICLONE)
    await chmod(join(root, to), mode)
  }
  await chmod(root, 0o755)
  await place(nodePath, '/usr/bin/node', 0o755)
  await place(licence, '/usr/share/doc/node/LICENSE', 0o644)
  // Paths as the loader requests them; copying resolves symbolic links.
  for (const path of libraries) await place(path, path, 0o755)
  await makeFolder(root, '/etc')
  await makeFolder(root, '/tmp')
  await chmod(join(root, 'tmp'), 0o1777)
  for (const [name, text] of Object.entries(accounts)) {
    await writeFile(join(root, name), text)
    await chmod(join(root, name), 0o644)
  }
}

const accounts = {
  '/etc/passwd': 'root:x:0:0::/:/nonexistent\nservice:x:65532:65532::/:/nonexistent\n',
  '/etc/group': 'root:x:0:\nservice:x:65532:\n',
}

/** Creates `path` and its parents below `root`, world-readable whatever the umask. */
async function makeFolder(root: string, path: string): Promise<void> {
  if (path === '/') return
  await makeFolder(root, dirname(path))
  await mkdir(join(root, path), { recursive: true })
  await chmod(join(root, path), 0o755)
}
