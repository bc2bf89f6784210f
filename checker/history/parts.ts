import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files of the status page; other pages also use `base.css`. */
export const partNames = ['page.html.mustache', 'base.css', 'page.css', 'page.js'] as const

export type PartName = (typeof partNames)[number]

/** Set by the bundler; sources read the files in this folder. */
declare const BUNDLED_PARTS: Record<PartName, string> | undefined

export function readPart(name: PartName): string {
  if (typeof BUNDLED_PARTS !== 'undefined') return BUNDLED_PARTS[name]
  return readFileSync(join(import.meta.dirname, name), 'utf8')
}
