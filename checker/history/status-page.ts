import { createHash } from 'node:crypto'
import mustache from 'mustache'
import { writeAtomically } from '../outlets/output-file.ts'
import { pageView } from './page-view.ts'
import { readPart } from './parts.ts'
import type { Past } from './past.ts'

/** The status page: one HTML document that needs no network, and no script to be read; the script adds the tooltips. */
export function renderStatusPage(past: Past): string {
  const [style, script] = [readPart('page.css'), readPart('page.js')]
  const view = { ...pageView(past), style, script, styleHash: hashOf(style), scriptHash: hashOf(script) }
  return mustache.render(readPart('page.html.mustache'), view)
}

/** Writes the status page in one step. */
export function writePage(file: string, past: Past): void {
  writeAtomically(file, renderStatusPage(past))
}

/** As a Content Security Policy names an inline style or script (https://www.w3.org/TR/CSP3/#grammardef-hash-source). */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
