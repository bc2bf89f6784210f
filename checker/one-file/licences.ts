import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Metafile } from 'esbuild'

interface Licensed {
  /** Name and version. */
  readonly name: string
  /** SPDX identifier. */
  readonly licence: string
  /** Absent: the package has no licence file. */
  readonly text?: string
}

/**
 * The licences of all npm packages in the bundles, each text once below its packages: passing on their code requires passing on
 * these. Throws when a package has none.
 */
export function licencesOf(bundles: readonly Metafile[], folder: string): string {
  const inputs = bundles.flatMap(({ inputs }) => Object.keys(inputs))
  const folders = new Set(inputs.flatMap((path) => packageFolder(resolve(folder, path)) ?? []))
  const all = [...folders].map(licensed)
  const namesOf = new Map<string, string[]>()
  for (const one of all) {
    const text = one.text ?? standardText(one, all)
    namesOf.set(text, [...(namesOf.get(text) ?? []), one.name])
  }
  const parts = [...namesOf].map(([text, names]) => `${[...new Set(names)].toSorted().join(', ')}\n\n${text}\n`)
  return parts.toSorted().join('\n')
}

/** The text of Apache-2.0 is the same for every package; other licences name their authors. */
function standardText({ name, licence }: Licensed, all: readonly Licensed[]): string {
  const text =
    licence === 'Apache-2.0' ? all.find((one) => one.licence === licence && one.text !== undefined)?.text : undefined
  if (text === undefined) throw new Error(`${name} (${licence}) has no licence file`)
  return text
}

/** The package of a file; undefined for our own files. */
function packageFolder(path: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]
}

function licensed(folder: string): Licensed {
  const { name, version, license: licence } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
  const texts = files.toSorted().map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim())
  return { name: `${name} ${version}`, licence, ...(texts.length === 0 ? {} : { text: texts.join('\n\n') }) }
}
