import { readFileSync } from 'node:fs'
import mustache from 'mustache'
import { type Wrong, wrong } from '../settings/kinds.ts'
import { noticeFacts } from './notice-text.ts'
import type { Notice } from './state.ts'

const example: Notice = {
  id: '0123456789abcdef-1',
  outage: '0123456789abcdef',
  kind: 'alarm',
  target: 'http://example.org "x"',
  url: 'http://example.org',
  address: '192.0.2.1',
  verdict: 'critical',
  previousVerdict: 'warning',
  reasons: ['status "500"', 'a line\\'],
  since: '2026-01-01T00:00:00.000Z',
  at: '2026-01-01T00:02:00.000Z',
  times: 3,
  heldBack: 1,
}

/** Reads a template file, and tests it by rendering a notice. */
export function readTemplate(file: string): string | Wrong {
  let template: string
  try {
    template = readFileSync(file, 'utf8')
  } catch (error) {
    return wrong(`cannot read ${file}: ${error instanceof Error ? error.message : error}`)
  }
  const problem = template.trim() === '' ? `${file} is empty` : problemOf(template, file)
  return problem === undefined ? template : wrong(problem)
}

function problemOf(template: string, file: string): string | undefined {
  let body: string
  try {
    body = renderTemplate(template, example)
  } catch (error) {
    return `${file}: ${error instanceof Error ? error.message : error}`
  }
  if (!isJson(template)) return undefined
  try {
    JSON.parse(body)
    return undefined
  } catch (error) {
    return `${file} looks like JSON but does not render JSON: ${error instanceof Error ? error.message : error}`
  }
}

/**
 * Renders a notice with a mustache template. In a template that starts like JSON, values are escaped for double quotes, otherwise
 * not at all. `{{#alarm}}`, `{{#recovered}}` and so on apply to notices of that kind.
 */
export function renderTemplate(template: string, notice: Notice): string {
  const facts = noticeFacts(notice)
  const { reasons } = notice
  const view = {
    address: '',
    previousVerdict: '',
    heldBack: 0,
    ...facts,
    reason: reasons[0] ?? '',
    reasonsText: reasons.join('; '),
  }
  const escapeValue = isJson(template) ? (value: unknown) => JSON.stringify(String(value)).slice(1, -1) : String
  return mustache.render(template, { ...view, [notice.kind]: true }, {}, { escape: escapeValue })
}

/** Ignores leading sections, `{{...}}`. */
function isJson(template: string): boolean {
  return /^\s*(?:\{\{[^}]*\}\}\s*)*(?:\{(?!\{)|\[)/.test(template)
}
