import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the status page is made of; `base.css` is for other pages, too. */
export const partNames = ['page.html.mustache', 'base.css', 'page.css', 'page.js'] as const

export type PartName = (typeof partNames)[number]

/** Set by the bundler; the sources read the files beside this one. */
declare const BUNDLED_PARTS: Record<PartName, string> | undefined

/** The text of one part. */
export function readPart(name: PartName): string {
  if (typeof BUNDLED_PARTS !== 'undefined') return BUNDLED_PARTS[name]
  return readFileSync(join(import.meta.dirname, name), 'utf8')
}
