import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Header } from 'tar'
import { digestOf } from './digest.ts'
import { type FolderImage, writeFolderImage } from './from-folders.ts'

export const run = promisify(execFile)

type Teardown = { teardown(handler: () => unknown): void }

export async function temporaryFolder(t: Teardown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'archive-'))
  t.teardown(() => rm(folder, { recursive: true }))
  return folder
}

export const clockImage: Omit<FolderImage, 'folders'> = {
  architecture: 'amd64',
  user: '65532',
  entryPoint: ['/usr/bin/clock'],
  command: ['--utc'],
  env: { ZONE: 'UTC', TOKEN: 'of nobody' },
  ports: [{ port: 8000, protocol: 'tcp' }],
}

/** An image of two layers with everything a folder may hold: links, modes, a long name, a non-ASCII name. */
export async function makeClock(t: Teardown, changes: Partial<FolderImage> = {}) {
  const folder = await temporaryFolder(t)
  const [low, high] = [join(folder, 'low'), join(folder, 'high')]
  const files = {
    'low/usr/bin/clock': 'clock\n'.repeat(1000),
    [`low/${'long/'.repeat(60)}name`]: 'x',
    'high/app/é': '1.0.0',
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  await symlink('clock', join(low, 'usr/bin/now'))
  const file = join(folder, 'clock.tar')
  const image = await writeFolderImage({ ...clockImage, folders: [low, high], ...changes }, file)
  return { folder, file, image, low, high }
}

export interface TestMember {
  readonly name: string
  readonly content?: Buffer | string
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice'
  readonly target?: string
}

/** A tar with any member names. */
export function tarOf(members: readonly TestMember[]): Buffer {
  const blocks = members.flatMap(({ name, content = '', type = 'File', target }) => {
    const body = Buffer.from(content)
    const header = new Header({ path: name, size: body.length, mode: 0o644, type })
    if (target !== undefined) header.linkpath = target
    const block = Buffer.alloc(512)
    header.encode(block)
    return [block, body, Buffer.alloc(-body.length & 511)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

/** Layers and their config, for any layout. */
export function imageParts({ architecture = 'amd64', texts = ['one', 'two'], config = {} } = {}) {
  const layers = texts.map((text) => tarOf([{ name: 'etc/text', content: text }]))
  const facts = { architecture, os: 'linux', rootfs: { type: 'layers', diff_ids: layers.map(digestOf) }, ...config }
  const json = JSON.stringify(facts)
  return { layers, config: json, id: digestOf(json) }
}

/** The layout of Docker 1.10 to 24; the second of two equal layers is a link. */
export function oldDockerSave({ layers, config, id }: ReturnType<typeof imageParts>, tag = 'shop:1'): TestMember[] {
  const hex = id.replace('sha256:', '')
  const folders = layers.map((_, index) => String(index).repeat(64))
  const files = layers.flatMap((content, index): TestMember[] => {
    const folder = folders[index] ?? ''
    const first = layers.findIndex((layer) => layer.equals(content))
    const name = `${folder}/layer.tar`
    return [
      { name: `${folder}/`, type: 'Directory' },
      { name: `${folder}/VERSION`, content: '1.0' },
      first === index ? { name, content } : { name, type: 'SymbolicLink', target: `../${folders[first]}/layer.tar` },
    ]
  })
  const manifest = [{ Config: `${hex}.json`, RepoTags: [tag], Layers: folders.map((folder) => `${folder}/layer.tar`) }]
  return [
    ...files,
    { name: `${hex}.json`, content: config },
    { name: 'manifest.json', content: JSON.stringify(manifest) },
    { name: 'repositories', content: '{}' },
  ]
}

interface Blob {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** An OCI layout with the given blobs; `pack` compresses the layers. */
export function ociLayout(
  images: readonly ReturnType<typeof imageParts>[],
  { pack = (layer: Buffer) => layer, kind = '' } = {},
): TestMember[] {
  const members: TestMember[] = []
  const blob = (content: Buffer | string, mediaType: string): Blob => {
    members.push({ name: `blobs/sha256/${digestOf(content).slice(7)}`, content })
    return { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) }
  }
  const manifests = images.map(({ layers, config }) => {
    const manifest = {
      schemaVersion: 2,
      config: blob(config, 'application/vnd.oci.image.config.v1+json'),
      layers: layers.map((layer) => blob(pack(layer), `application/vnd.oci.image.layer.v1.tar${kind}`)),
    }
    return blob(JSON.stringify(manifest), 'application/vnd.oci.image.manifest.v1+json')
  })
  const unique = new Map(members.map((member) => [member.name, member]))
  return [
    { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', content: JSON.stringify({ schemaVersion: 2, manifests }) },
    ...unique.values(),
  ]
}
