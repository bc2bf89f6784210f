import { createHash } from 'node:crypto'
import mustache from 'mustache'
import { escapeXml } from '../formatters/xml.ts'
import type { Alert } from './look-back.ts'
import { pageView } from './page-view.ts'
import { readPart } from './parts.ts'
import type { Past } from './past.ts'

/** The status page: one HTML document that needs no network, and no script to be read; the script adds the tooltips. */
export function renderStatusPage(past: Past, alertIfLate: Alert = () => {}): string {
  const startedMs = performance.now()
  const [style, script] = [readPart('base.css') + readPart('page.css'), readPart('page.js')]
  const view = { ...pageView(past, alertIfLate), style, script, styleHash: hashOf(style), scriptHash: hashOf(script) }
  // The template takes no longer than what it shows.
  alertIfLate(performance.now() - startedMs)
  return mustache.render(readPart('page.html.mustache'), view, {}, { escape: (value) => escapeXml(String(value)) })
}

/** As a Content Security Policy names an inline style or script (https://www.w3.org/TR/CSP3/#grammardef-hash-source). */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
