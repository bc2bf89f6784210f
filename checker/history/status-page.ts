import { createHash } from 'node:crypto'
import mustache from 'mustache'
import { escapeXml } from '../formatters/xml.ts'
import type { Alert } from './look-back.ts'
import { pageView } from './page-view.ts'
import { readPart } from './parts.ts'
import type { Past } from './past.ts'

/** One HTML document that needs no network, and is readable without scripts; the script adds tooltips. */
export function renderStatusPage(past: Past, alertIfLate: Alert = () => {}): string {
  const startedMs = performance.now()
  const [style, script] = [readPart('base.css') + readPart('page.css'), readPart('page.js')]
  const view = { ...pageView(past, alertIfLate), style, script, styleHash: hashOf(style), scriptHash: hashOf(script) }
  // Rendering takes no longer than building the view.
  alertIfLate(performance.now() - startedMs)
  return mustache.render(readPart('page.html.mustache'), view, {}, { escape: (value) => escapeXml(String(value)) })
}

/** As in a Content Security Policy (https://www.w3.org/TR/CSP3/#grammardef-hash-source). */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
