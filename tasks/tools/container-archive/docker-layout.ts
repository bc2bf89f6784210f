import { posix } from 'node:path'
import { type Candidate, documentIn, factsIn } from './candidate.ts'
import type { Contents, StoredFile } from './contents.ts'
import { refusal } from './refusal.ts'
import { quoted } from './tar-members.ts'

/** The images in an archive of `docker save`, Docker 1.10 or later; `undefined` for another layout. */
export function dockerImages(contents: Contents): Candidate[] | undefined {
  const manifest = contents.file('manifest.json')
  if (manifest === undefined) return undefined
  const entries = documentIn(contents, manifest)
  if (!Array.isArray(entries)) throw refusal(contents.path, 'its manifest.json is no list of images')
  return entries.map((entry) => candidate(contents, entry ?? {}))
}

function candidate(contents: Contents, entry: { Config?: unknown; RepoTags?: unknown; Layers?: unknown }): Candidate {
  const config = listed(contents, entry.Config, 'the config')
  return {
    config,
    facts: factsIn(contents, config),
    tags: Array.isArray(entry.RepoTags) ? entry.RepoTags.filter((tag) => typeof tag === 'string') : [],
    layers() {
      if (!Array.isArray(entry.Layers)) throw refusal(contents.path, 'its manifest.json lists no layers')
      return entry.Layers.map((name, index) => listed(contents, name, `layer ${index + 1}`))
    },
  }
}

function listed(contents: Contents, name: unknown, what: string): StoredFile {
  if (typeof name !== 'string') throw refusal(contents.path, `its manifest.json names no file for ${what}`)
  const inside = posix.normalize(name)
  const isOutside = inside.startsWith('/') || inside.split('/')[0] === '..'
  const file = isOutside ? undefined : contents.file(inside)
  if (file !== undefined) return file
  throw refusal(
    contents.path,
    isOutside ? `${what} lies outside of it, at ${quoted(name)}` : `it lacks ${what}, ${quoted(name)}`,
    'an archive has to hold the config and every layer: make it anew, and copy it whole',
  )
}
