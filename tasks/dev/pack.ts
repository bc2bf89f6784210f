import { cp, glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { configTypes } from '../settings/config-types.ts'
import { ownFolder } from '../settings/own.ts'
import type { TaskResult } from '../terminal/task.ts'
import { packageSources } from './package-sources.ts'

/** Entry points, started directly or by name; they import all other sources. */
const entries = [
  'tasks/terminal/main.ts',
  'tasks/verbs/*.ts',
  'checker/main.ts',
  'tasks/tools/metadata-service.ts',
  'app/server.ts',
]

/** Files that sources read at run time, and files for people. */
const assets = [
  '{ansible,packer,cloudformation}/**',
  '{app,nginx}/**/*.{mustache,Dockerfile,conf}',
  '{checker,tasks}/**/*.{css,js,mustache,json}',
  'tasks/run-installed.sh',
  'tasks/tools/*.sh',
  'docs/*.md',
  '{README,CHANGELOG}.md',
  'LICENSE',
]

const notPacked = /(^|\/)(fixtures|dist|dev)\/|\.test\.ts$/

/** `npm run pack`: the npm package, `dist/bakeroll-VERSION.tgz`: the same tree, without types and tests. */
export default async function pack(): Promise<TaskResult> {
  const folder = join(ownFolder, 'dist')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  const stage = await mkdtemp(join(tmpdir(), 'bakeroll-pack-'))
  try {
    await writePackage(stage)
    const words = ['pack', '--json', '--ignore-scripts', `--pack-destination=${folder}`]
    const { stdout } = await execa('npm', words, { cwd: stage })
    const [{ filename, size, entryCount }] = JSON.parse(stdout)
    const file = join(folder, filename)
    return { line: `packed ${file}: ${entryCount} files, ${Math.ceil(size / 1000)} kB`, facts: { file, size } }
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

async function writePackage(folder: string): Promise<void> {
  const sources = packageSources(ownFolder, await filesOf(entries))
  for (const file of await filesOf(assets)) {
    if (sources.has(file)) throw new Error(`${file} has the name of a source without its types`)
    await cp(join(ownFolder, file), join(folder, file))
  }
  for (const [name, text] of [...sources, ...(await madeFiles())]) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

async function filesOf(patterns: readonly string[]): Promise<string[]> {
  const found = await Array.fromAsync(glob(patterns, { cwd: ownFolder, withFileTypes: true }))
  const files = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return files.map((file) => file.slice(ownFolder.length + 1)).filter((file) => !notPacked.test(file))
}

async function madeFiles(): Promise<[name: string, text: string][]> {
  const manifest = packageManifest(JSON.parse(await readFile(join(ownFolder, 'package.json'), 'utf8')))
  return [
    ['package.json', `${JSON.stringify(manifest, null, 2)}\n`],
    ['config.d.ts', configTypes()],
    // For a type that is imported like a value.
    ['config.js', 'export {}\n'],
  ]
}

/** The clone itself is private: the package that npm would make of it does not run below node_modules. */
export function packageManifest(clone: Record<string, unknown>): Record<string, unknown> {
  const kept = ['name', 'version', 'description', 'license', 'type', 'keywords', 'repository', 'engines']
  const installed = ['dependencies', 'optionalDependencies', 'publishConfig']
  return {
    ...Object.fromEntries([...kept, ...installed].flatMap((key) => (key in clone ? [[key, clone[key]]] : []))),
    bin: { bakeroll: 'tasks/run-installed.sh' },
    types: './config.d.ts',
    exports: { '.': { types: './config.d.ts', default: './config.js' }, './package.json': './package.json' },
  }
}
